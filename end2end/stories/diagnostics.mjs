import assert from "node:assert/strict";

import { byId, live, markDocument, row, wasReloaded } from "../support/browser.mjs";
import { kubectl, namespace } from "../support/control-plane.mjs";
import { story } from "../support/story.mjs";

story("diagnostics say how the watch of each kind is, and follow what arrives", async ({ server, open }) => {
  const ns = await namespace("diagnostics");
  const { page, troubles } = await open({ path: `/c/${server.cluster}/pods` });
  await live(page);
  await markDocument(page);
  await page.locator("nav.side").getByRole("link", { name: "Diagnostics" }).click();
  await page.locator("h1").filter({ hasText: "Diagnostics" }).waitFor();
  const maps = row(page, "ConfigMap/configmaps");
  await maps.filter({ hasText: "watching" }).waitFor();
  const objects = async () => Number(await maps.locator("td").nth(1).innerText());
  const before = await objects();
  for (let number = 0; ; number += 1) {
    assert.ok(number < 60, "the number of objects did not follow");
    await kubectl(["create", "configmap", `map-${number}`, "-n", ns]);
    if ((await objects()) > before) break;
  }
  assert.equal(await wasReloaded(page), false);
  await maps.getByRole("link").click();
  await byId(page, "list-total").waitFor();
  assert.match(page.url(), /\/configmaps$/);
  assert.deepEqual(troubles, []);
});
