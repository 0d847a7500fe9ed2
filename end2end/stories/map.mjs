import assert from "node:assert/strict";

import { byId, live, markDocument, wasReloaded } from "../support/browser.mjs";
import { apply, deployment, kubectl, namespace } from "../support/control-plane.mjs";
import { story } from "../support/story.mjs";

const UNHEALTHY = 6;

story("the map: a pod is a cell that turns red, and nothing else moves", async ({ server, open }) => {
  const ns = await namespace("mapped");
  await apply(deployment(ns, "quiet", 2), deployment(ns, "cart", 3));
  const { page, troubles } = await open({ path: `/c/${server.cluster}/map?debug=1&ns=${ns}` });
  await live(page);
  await markDocument(page);
  await page.locator('[data-testid="map-canvas"][data-ready="true"]').waitFor({ state: "attached" });
  const named = (name) => page.waitForFunction((key) => window.__kubilitics.map()?.applications[key], `${ns}/${name}`);
  const cells = (name, code, count) =>
    page.waitForFunction(
      ([key, code, count]) => window.__kubilitics.map()?.applications[key]?.cells.filter((cell) => (code ? cell === code : cell > 0)).length === count,
      [`${ns}/${name}`, code, count],
    );
  const place = async (name) => {
    const { x, y, columns } = await (await named(name)).jsonValue();
    return { x, y, columns };
  };
  await cells("cart", 2, 3);
  await cells("quiet", 2, 2);
  const before = await place("quiet");

  await kubectl(["scale", "deployment", "-n", ns, "cart", "--replicas=4"]);
  await cells("cart", 2, 4);
  const { items } = JSON.parse(await kubectl(["get", "pods", "-n", ns, "-l", "app=cart", "-o", "json"]));
  const pod = items[0].metadata.name;
  await kubectl(["annotate", "pod", "-n", ns, pod, "kubilitics.test/state=crash-loop"]);
  await cells("cart", UNHEALTHY, 1);
  await byId(page, "map-totals").filter({ hasText: "1 failing" }).waitFor();
  await apply(deployment(ns, "another", 9));
  await cells("another", 0, 9);
  assert.deepEqual(await place("quiet"), before);

  // Found by its state, then by its cell.
  const application = (name) => page.locator(`[data-testid="map-application"][data-id^="Application/${ns}/"]`).filter({ hasText: name });
  await page.getByRole("link", { name: "not well", exact: true }).click();
  await application("quiet").waitFor({ state: "detached" });
  await application("cart").filter({ hasText: "1 of 4" }).waitFor({ state: "attached" });
  const at = await page.evaluate(
    ([key, code]) => {
      const map = window.__kubilitics.map();
      const own = map.applications[key];
      const slot = own.cells.indexOf(code);
      const box = document.getElementById("map-canvas").getBoundingClientRect();
      const { x, y, unit } = map.view;
      return { x: box.left + x + (own.x + (slot % own.columns) + 0.5) * unit, y: box.top + y + (own.y + Math.floor(slot / own.columns) + 0.5) * unit, unit };
    },
    [`${ns}/cart`, UNHEALTHY],
  );
  assert.ok(at.unit >= 5, `a cell is ${at.unit} px`);
  await page.mouse.move(at.x, at.y);
  await page.locator(".tip").filter({ hasText: pod }).waitFor();
  await page.mouse.click(at.x, at.y);
  await byId(page, "detail").filter({ hasText: "CrashLoopBackOff" }).waitFor();
  assert.match(page.url(), new RegExp(`sel=Pod/${ns}/${pod}`));
  assert.equal(await wasReloaded(page), false, "the page was loaded again");
  assert.deepEqual(troubles, []);
});

story("the map without script is a list with the same counts", async ({ server, open }) => {
  const ns = await namespace("listed");
  await apply(deployment(ns, "cart", 2));
  await kubectl(["wait", "--for=condition=Available", "deployment/cart", "-n", ns, "--timeout=60s"]);
  const { page } = await open({ path: `/c/${server.cluster}/map?ns=${ns}`, javaScriptEnabled: false });
  await byId(page, "map-list").waitFor();
  assert.match(await byId(page, "map-list").innerText(), /cart/);
  assert.match(await byId(page, "map-totals").innerText(), /pods? in 1 namespace/);
});
