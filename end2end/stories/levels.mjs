import assert from "node:assert/strict";

import { byId, live, markDocument, node, wasReloaded } from "../support/browser.mjs";
import { apply, deployment, kubectl, namespace } from "../support/control-plane.mjs";
import { story } from "../support/story.mjs";

story("from further away: a namespace is one node with true counts that follow, and opens", async ({ server, open }) => {
  const ns = await namespace("far");
  await apply(deployment(ns, "cart", 2));
  const { page, troubles } = await open({ path: `/c/${server.cluster}/topology?level=namespace&debug=1` });
  await live(page);
  await markDocument(page);
  const group = node(page, `Namespace/${ns}`);
  await group.waitFor({ state: "attached" });
  assert.equal(await page.evaluate(() => window.__kubilitics.graph().level), "namespace");

  await page.locator('[data-view] .tools a').filter({ hasText: "Tree" }).click();
  await group.locator("a").click();
  const fact = (kind, count) => byId(page, "detail").locator("dl").filter({ hasText: new RegExp(`${kind}\\s*${count}`) }).waitFor();
  await fact("Pod", 2);
  await kubectl(["scale", "deployment", "-n", ns, "cart", "--replicas=5"]);
  await fact("Pod", 5);

  await byId(page, "detail").getByRole("link", { name: "Open" }).click();
  await node(page, `Deployment/${ns}/cart`).waitFor({ state: "attached" });
  assert.match(page.url(), new RegExp(`ns=${ns}`));
  assert.equal(await page.evaluate(() => window.__kubilitics.graph().level), "object");
  assert.equal(await wasReloaded(page), false, "the page was loaded again");
  assert.deepEqual(troubles, []);
});
