import assert from "node:assert/strict";

import { byId, live, markDocument, row, wasReloaded } from "../support/browser.mjs";
import { apply, kubectl, namespace } from "../support/control-plane.mjs";
import { story } from "../support/story.mjs";

const definition = (group) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `boats.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { plural: "boats", singular: "boat", kind: "Boat" },
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: { sails: { type: "integer" } } } } } },
      additionalPrinterColumns: [{ name: "Sails", type: "integer", jsonPath: ".spec.sails" }],
    }],
  },
});

story("a kind that only this cluster has: it comes, its objects are listed by its own columns, and it goes", async ({ server, open }) => {
  const ns = await namespace("harbour");
  const group = `${ns}.example.com`;
  const { page, troubles } = await open({ path: `/c/${server.cluster}/pods?ns=${ns}` });
  await live(page);
  await markDocument(page);

  await apply(definition(group));
  await kubectl(["wait", "--for=condition=Established", `crd/boats.${group}`, "--timeout=30s"]);
  await page.locator(`nav.side a[href^="/c/${server.cluster}/boats.${group}"]`).click();
  await page.locator("h1").filter({ hasText: `boats.${group}` }).waitFor();
  const heading = (name) => page.locator('[data-testid="list-table"] th').filter({ hasText: name }).waitFor();
  await heading("Sails");
  await byId(page, "list-total").filter({ hasText: /^0$/ }).waitFor();

  await apply({ apiVersion: `${group}/v1`, kind: "Boat", metadata: { name: "pinta", namespace: ns }, spec: { sails: 3 } });
  const pinta = row(page, `Boat.${group}/${ns}/pinta`);
  await pinta.filter({ hasText: "3" }).waitFor();
  await page.locator(`nav.side a[href^="/c/${server.cluster}/deployments.apps"]`).click();
  await heading("Up-to-date");
  await page.goBack();
  await pinta.waitFor();
  assert.equal(await wasReloaded(page), false, "the page was loaded again");
  assert.deepEqual(troubles, []);

  await kubectl(["delete", "crd", `boats.${group}`]);
  await byId(page, "problem").and(page.locator('[data-code="kind_not_found"]')).waitFor();
});
