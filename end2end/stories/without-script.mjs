import assert from "node:assert/strict";

import { byId, node, row } from "../support/browser.mjs";
import { apply, deployment, kubectl, namespace } from "../support/control-plane.mjs";
import { story } from "../support/story.mjs";
import { until } from "../support/until.mjs";

story("every page is complete without script", async ({ server, open }) => {
  const ns = await namespace("plain");
  await apply(deployment(ns, "web", 3));
  await kubectl(["wait", "--for=condition=Available", "deployment/web", "-n", ns, "--timeout=60s"]);
  const pods = JSON.parse(await kubectl(["get", "pods", "-n", ns, "-o", "json"])).items;
  await until("the server has seen the pods", async () => {
    const path = `/api/v1/clusters/${server.cluster}/resources/pods?namespace=${ns}`;
    return (await server.request(path)).metadata.total === 3;
  });
  const { page } = await open({ javaScriptEnabled: false });
  const visit = (path) => page.goto(server.origin + path);

  await visit("/clusters");
  await page.locator(`[data-testid="cluster"][data-id="${server.cluster}"][data-status="connected"]`).waitFor();

  await visit(`/c/${server.cluster}/topology?ns=${ns}`);
  await byId(page, "topology-tree").waitFor();
  for (const id of [`Deployment/${ns}/web`, ...pods.map(({ metadata }) => `Pod/${ns}/${metadata.name}`)]) {
    await node(page, id).waitFor();
  }

  await visit(`/c/${server.cluster}/pods?ns=${ns}`);
  await byId(page, "list-total").filter({ hasText: "3" }).waitFor();
  for (const { metadata } of pods) await row(page, `Pod/${ns}/${metadata.name}`).filter({ hasText: "Running" }).waitFor();

  // The filter is a form.
  await page.locator('main input[name="q"]').fill(pods[0].metadata.name);
  await page.locator('main input[name="q"]').press("Enter");
  await byId(page, "list-total").filter({ hasText: "1 of 3" }).waitFor();

  // So is the search, on every page.
  await page.locator('header input[type="search"]').fill(`pod ${pods[0].metadata.name}`);
  await page.locator('header input[type="search"]').press("Enter");
  await byId(page, "list-total").filter({ hasText: /^1 object in / }).waitFor();
  await row(page, `Pod/${ns}/${pods[0].metadata.name}`).filter({ hasText: "Running" }).waitFor();

  const answer = await visit("/c/no-such-cluster/topology");
  assert.equal(answer.status(), 404);
  await page.locator('[data-testid="problem"][data-code="cluster_not_found"]').waitFor();
});
