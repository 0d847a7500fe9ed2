// Search: from the field in the frame to the object, and what comes and goes meanwhile.
import assert from "node:assert/strict";

import { byId, live, markDocument, row, wasReloaded } from "../support/browser.mjs";
import { apply, deployment, kubectl, namespace } from "../support/control-plane.mjs";
import { story } from "../support/story.mjs";

story("a search follows what is typed and what happens, and leads to the object", async ({ server, open }) => {
  const ns = await namespace("seek");
  await apply(deployment(ns, "cart", 2));
  await kubectl(["wait", "--for=condition=Available", "deployment/cart", "-n", ns, "--timeout=60s"]);
  const { page, troubles } = await open({ path: `/c/${server.cluster}/topology?ns=${ns}` });
  await live(page);
  await markDocument(page);

  await page.keyboard.press("Control+K");
  await page.keyboard.type(`${ns} cart`);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname.endsWith("/search"));
  await row(page, `Deployment/${ns}/cart`).waitFor();
  const first = await byId(page, "row").first().getAttribute("data-key");
  assert.equal(first, `Deployment/${ns}/cart`, "the exact name is first");

  // Typed on, it narrows by itself.
  await page.keyboard.press("Control+K");
  await page.keyboard.press("Home");
  await page.keyboard.type("pod ");
  await byId(page, "list-total").filter({ hasText: /^2 objects in / }).waitFor();
  assert.match(decodeURIComponent(page.url()), new RegExp(`q=pod ${ns} cart`));

  const image = "registry.example/cart:2";
  await apply({ apiVersion: "v1", kind: "Pod", metadata: { name: "cart-zz", namespace: ns }, spec: { containers: [{ name: "main", image }] } });
  const late = row(page, `Pod/${ns}/cart-zz`);
  await late.filter({ hasText: "Running" }).waitFor();
  await byId(page, "list-total").filter({ hasText: /^3 objects in / }).waitFor();
  await kubectl(["annotate", "pod", "-n", ns, "cart-zz", "kubilitics.test/state=crash-loop"]);
  await late.filter({ hasText: "CrashLoopBackOff" }).waitFor();
  await page.waitForFunction((key) => document.querySelector('[data-testid="row"]')?.dataset.key === key, `Pod/${ns}/cart-zz`);

  await late.locator("a").click();
  await page.waitForURL((url) => url.pathname.endsWith("/pods"));
  await byId(page, "detail").filter({ hasText: "cart-zz" }).waitFor();
  await page.goBack();
  await late.waitFor();
  await kubectl(["delete", "pod", "-n", ns, "cart-zz", "--wait=false", "--grace-period=0", "--force"]);
  await late.waitFor({ state: "detached" });
  assert.equal(await wasReloaded(page), false, "the page was loaded again");
  assert.deepEqual(troubles, []);
});
