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

story("a list follows: rows come, change and go, and the total is true", async ({ server, open }) => {
  const ns = await namespace("list");
  await apply(deployment(ns, "web", 2));
  const { page, troubles } = await open({ path: `/c/${server.cluster}/pods?ns=${ns}` });
  await live(page);
  const total = (number) => byId(page, "list-total").filter({ hasText: new RegExp(`^${number}$`) }).waitFor();
  await total(2);

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
