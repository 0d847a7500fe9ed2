import assert from "node:assert/strict";

import { byId, live, markDocument, node, row, wasReloaded } from "../support/browser.mjs";
import { apply, deployment, kubectl, namespace } from "../support/control-plane.mjs";
import { story } from "../support/story.mjs";

const pods = async (ns) => JSON.parse(await kubectl(["get", "pods", "-n", ns, "-o", "json"])).items;

story("a Deployment appears, one of its pods crashes, and it leaves: without a reload", async ({ server, open }) => {
  const ns = await namespace("shop");
  const { page, troubles } = await open({ path: `/c/${server.cluster}/topology?ns=${ns}` });
  await live(page);
  await markDocument(page);

  await apply(deployment(ns, "cart", 3));
  await node(page, `Deployment/${ns}/cart`).waitFor({ state: "attached" });
  await page.waitForFunction(
    (prefix) => document.querySelectorAll(`[data-testid="topology-node"][data-id^="${prefix}"][data-health="healthy"]`).length === 3,
    `Pod/${ns}/cart-`,
  );

  const [crashing] = await pods(ns);
  const name = crashing.metadata.name;
  await kubectl(["annotate", "pod", "-n", ns, name, "kubilitics.test/state=crash-loop"]);
  const red = page.locator(`[data-testid="topology-node"][data-id="Pod/${ns}/${name}"][data-health="unhealthy"]`);
  await red.filter({ hasText: "CrashLoopBackOff" }).waitFor({ state: "attached" });

  await kubectl(["annotate", "pod", "-n", ns, name, "kubilitics.test/state=recovered", "--overwrite"]);
  await page
    .locator(`[data-testid="topology-node"][data-id="Pod/${ns}/${name}"][data-health="healthy"]`)
    .waitFor({ state: "attached" });

  await kubectl(["delete", "deployment", "-n", ns, "cart"]);
  await node(page, `Pod/${ns}/${name}`).waitFor({ state: "detached" });
  await node(page, `Deployment/${ns}/cart`).waitFor({ state: "detached" });
  assert.equal(await wasReloaded(page), false, "the page was loaded again");
  assert.deepEqual(troubles, []);
});

story("each row of the tree is of its object, also after the page has come alive", async ({ server, open }) => {
  const ns = await namespace("rows");
  // A Service brings Endpoints with it: a kind that only the cluster knows of.
  await apply(deployment(ns, "web", 2));
  await kubectl(["expose", "deployment", "-n", ns, "web", "--port=80"]);
  const path = `/c/${server.cluster}/topology?ns=${ns}&view=tree`;
  const first = await open({ path });
  await live(first.page);
  await node(first.page, `Endpoints/${ns}/web`).waitFor({ state: "attached" });
  // With all of it there from the beginning.
  const { page, troubles } = await open({ path });
  await live(page);
  const rows = await byId(page, "topology-node").evaluateAll((all) => all.map((row) => [row.dataset.id, row.textContent]));
  assert.ok(rows.length > 6, `${rows.length} rows`);
  for (const [id, text] of rows) assert.ok(text.includes(id.split("/").at(-1)), `${id} says ${text}`);
  assert.deepEqual(troubles, []);
});

story("a filter is typed letter by letter, also where it cannot be read half-way", async ({ server, open }) => {
  const ns = await namespace("typed");
  await apply(deployment(ns, "web", 2));
  const { page, troubles } = await open({ path: `/c/${server.cluster}/pods?ns=${ns}` });
  await live(page);
  const total = (text) => byId(page, "list-total").filter({ hasText: text }).waitFor();
  await total(/^2$/);
  const box = page.getByPlaceholder(/^Filter/);
  await box.click();
  for (const part of ["status:", "run"]) {
    await page.keyboard.type(part);
    if (part === "status:") await byId(page, "problem").filter({ hasText: "write a value after it" }).waitFor();
    assert.equal(await box.evaluate((element) => element === document.activeElement), true, "the box has lost the focus");
  }
  await byId(page, "problem").waitFor({ state: "detached" });
  await row(page, `Pod/${ns}/${(await pods(ns))[0].metadata.name}`).waitFor();
  assert.deepEqual(troubles, []);
});

story("what is typed before the page is alive is kept, and filters", async ({ server, open }) => {
  const ns = await namespace("early");
  await apply(deployment(ns, "web", 2), deployment(ns, "cart", 1));
  const { page, troubles } = await open({ path: "/clusters" });
  let go;
  const typed = new Promise((resolve) => (go = resolve));
  await page.route("**/*.wasm", async (route) => {
    await typed;
    await route.continue();
  });
  await page.goto(`${server.origin}/c/${server.cluster}/pods?ns=${ns}`, { waitUntil: "commit" });
  const box = page.getByPlaceholder(/^Filter/);
  await box.fill("cart");
  go();
  await live(page);
  await byId(page, "list-total").filter({ hasText: /^1 of 3$/ }).waitFor();
  assert.equal(await box.inputValue(), "cart");
  assert.deepEqual(troubles, []);
});

story("a list follows: rows come, change and go, and the total is true", async ({ server, open }) => {
  const ns = await namespace("list");
  await apply(deployment(ns, "web", 2));
  const { page, troubles } = await open({ path: `/c/${server.cluster}/pods?ns=${ns}` });
  await live(page);
  const total = (number) => byId(page, "list-total").filter({ hasText: new RegExp(`^${number}$`) }).waitFor();
  await total(2);

  const rows = await page.locator('[data-testid="row"]').evaluateAll((all) => all.map((one) => one.dataset.key));
  const focused = () => page.evaluate(() => document.activeElement.closest("tr")?.dataset.key);
  for (const [key, expected] of [["j", 0], ["j", 1], ["j", 1], ["k", 0]]) {
    await page.keyboard.press(key);
    assert.equal(await focused(), rows[expected], `after ${key}`);
  }
  await page.keyboard.press("Enter");
  await byId(page, "detail").filter({ hasText: rows[0].split("/")[2] }).waitFor();
  await page.keyboard.press("Escape");
  await byId(page, "detail").waitFor({ state: "detached" });

  await kubectl(["scale", "deployment", "-n", ns, "web", "--replicas=5"]);
  await total(5);
  const [first] = await pods(ns);
  const key = `Pod/${ns}/${first.metadata.name}`;
  await kubectl(["annotate", "pod", "-n", ns, first.metadata.name, "kubilitics.test/state=image-pull-back-off"]);
  await row(page, key).filter({ hasText: "ImagePullBackOff" }).waitFor();

  await kubectl(["scale", "deployment", "-n", ns, "web", "--replicas=0"]);
  await total(0);
  await row(page, key).waitFor({ state: "detached" });
  assert.deepEqual(troubles, []);
});
