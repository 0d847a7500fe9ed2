import assert from "node:assert/strict";

import { byId, live } from "../support/browser.mjs";
import { story } from "../support/story.mjs";
import { until } from "../support/until.mjs";

story(
  "without a kubeconfig there is a demo cluster, which says what it is, lives, and shows its faults",
  async ({ server, open }) => {
    assert.equal(server.cluster, "demo");
    const { page, troubles } = await open({ path: "/" });
    await live(page);
    assert.match(page.url(), /\/c\/demo\/topology/, "the start page leads to it");
    await byId(page, "demo").click();
    await byId(page, "demo").getByText("nothing here is real").waitFor();

    const words = async () => {
      const { items } = await server.request("/api/v1/clusters/demo/resources/pods");
      return items.map(({ cells }) => cells[2]);
    };
    for (const word of ["CrashLoopBackOff", "CreateContainerConfigError", "ImagePullBackOff", "Pending"]) {
      await until(`a pod is ${word}`, async () => (await words()).includes(word));
      await page.locator(`[data-testid="topology-node"]`).filter({ hasText: word }).first().waitFor({ state: "attached" });
    }
    const before = await page.evaluate(() => performance.timeOrigin);
    const epoch = async () => (await server.request("/api/v1/clusters/demo/resources/pods")).metadata.epoch;
    const first = await epoch();
    await until("something happens", async () => (await epoch()) > first);
    assert.equal(await page.evaluate(() => performance.timeOrigin), before, "the page was loaded again");
    assert.deepEqual(troubles, []);
  },
  { user: null },
);
