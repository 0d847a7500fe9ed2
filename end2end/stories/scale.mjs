import assert from "node:assert/strict";

import { byId, live, row } from "../support/browser.mjs";
import { api, namespace } from "../support/control-plane.mjs";
import { percentile } from "../support/statistics.mjs";
import { story } from "../support/story.mjs";
import { until } from "../support/until.mjs";

const PODS = 1_000;
const AT_ONCE = 20;
const CRASHING = 40;

const pod = (name, nodeName) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: `app-${name.slice(-1)}` } },
  spec: { nodeName, containers: [{ name: "main", image: "registry.example/main:1" }] },
});

const inParallel = async (items, work) => {
  const rest = items[Symbol.iterator]();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => { for (const item of rest) await work(item); }));
};

story("a thousand pods: the pages stay usable", async ({ server, open }) => {
  const empty = await server.residentMegabytes();
  const ns = await namespace("scale");
  const nodes = (await api("GET", "/api/v1/nodes")).items.map(({ metadata }) => metadata.name);
  const names = Array.from({ length: PODS }, (_, index) => `pod-${String(index).padStart(4, "0")}`);
  await inParallel(names.entries(), ([index, name]) =>
    api("POST", `/api/v1/namespaces/${ns}/pods`, pod(name, nodes[index % nodes.length])));
  await until("every pod runs, as the server sees it", async () => {
    const path = `/api/v1/clusters/${server.cluster}/resources/pods?namespace=${ns}&filter=status:running&limit=1`;
    return (await server.request(path)).metadata.matched === PODS;
  }, 120);

  const list = await open({ path: `/c/${server.cluster}/pods?ns=${ns}` });
  await live(list.page);
  await byId(list.page, "list-total").filter({ hasText: "1,000" }).waitFor();
  const begun = Date.now();
  await list.page.locator('main input[name="q"]').fill("pod-0999");
  await byId(list.page, "list-total").filter({ hasText: "1 of 1,000" }).waitFor();
  await row(list.page, `Pod/${ns}/pod-0999`).waitFor();
  const filtered = Date.now() - begun;
  await list.close();

  const graph = await open({ path: `/c/${server.cluster}/topology?ns=${ns}&debug=1` });
  await live(graph.page);
  await graph.page.waitForFunction((pods) => window.__kubilitics?.graph().nodes >= pods, PODS);
  const merge = "application/merge-patch+json";
  const annotations = { "kubilitics.test/state": "crash-loop" };
  await inParallel(names.slice(0, CRASHING).values(), (name) =>
    api("PATCH", `/api/v1/namespaces/${ns}/pods/${name}`, { metadata: { annotations } }, merge));
  await graph.page.waitForFunction(
    (count) => document.querySelectorAll('[data-testid="topology-node"][data-id^="Pod/"][data-health="unhealthy"]').length === count,
    CRASHING,
  );
  const frames = await graph.page.evaluate(() => window.__kubilitics.frames());
  const figures = [50, 95, 100].map((percent) => `${percent === 100 ? "max" : `p${percent}`} ${percentile(frames, percent).toFixed(0)} ms`);
  const memory = await server.residentMegabytes();
  console.log(
    `${PODS} pods: filter ${filtered} ms; frames while ${CRASHING} pods crash: ${figures.join(", ")}; ` +
      `server ${memory.toFixed(0)} MB resident (${empty.toFixed(0)} MB before)`,
  );
  // Times are printed to be read; on a machine that does other things too, only what nobody could use is an error.
  assert.ok(filtered < 5_000, `the filter took ${filtered} ms`);
  assert.ok(percentile(frames, 50) < 500, `frames took ${figures}`);
  assert.deepEqual([...list.troubles, ...graph.troubles], []);
  await api("DELETE", `/api/v1/namespaces/${ns}`);
}, { seconds: 300 });
