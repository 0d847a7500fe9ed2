import assert from "node:assert/strict";

import { connection, live, markDocument, row, wasReloaded } from "../support/browser.mjs";
import { apply, deployment, kubectl, namespace, startApiServer, stopApiServer } from "../support/control-plane.mjs";
import { story } from "../support/story.mjs";
import { until } from "../support/until.mjs";

const listed = async (ns) =>
  JSON.parse(await kubectl(["get", "pods", "-n", ns, "-o", "json"]))
    .items.map(({ metadata }) => `Pod/${ns}/${metadata.name}`)
    .sort();
const shown = (page) =>
  page.locator('[data-testid="row"]').evaluateAll((rows) => rows.map((row) => row.dataset.key).sort());

story("the API server is killed: the page keeps the last state with its age, and recovers by itself", async ({ server, open }) => {
  const ns = await namespace("outage");
  await apply(deployment(ns, "web", 4));
  const { page, troubles } = await open({ path: `/c/${server.cluster}/pods?ns=${ns}` });
  await live(page);
  await until("all four pods are shown", async () => (await shown(page)).length === 4);
  await markDocument(page);
  const before = await shown(page);

  await stopApiServer();
  try {
    await connection(page, /stale since \d+/, 60_000);
    assert.deepEqual(await shown(page), before, "the last known rows must stay");
    const [cluster] = (await server.request("/api/v1/clusters")).items;
    assert.equal(cluster.status, "disconnected");
    assert.ok(cluster.staleSince, "the API says since when the state is stale");
  } finally {
    await startApiServer();
  }

  // What happens before the watches are back must not be missed.
  await kubectl(["delete", "pod", "-n", ns, before[0].split("/")[2]]);
  await connection(page, /^live/, 60_000);
  await row(page, before[0]).waitFor({ state: "detached" });
  await until("the rows equal a fresh list of four pods", async () => {
    const [page_, api] = [await shown(page), await listed(ns)];
    return api.length === 4 && page_.join() === api.join();
  });
  assert.equal(await wasReloaded(page), false, "the page was loaded again");
  assert.deepEqual(troubles, []);
});

story("a browser that the server knows no more is told so, and how to sign in again", async ({ server, open }) => {
  const { page } = await open({ path: "/clusters" });
  let socket;
  await page.routeWebSocket(/\/api\/v1\/stream$/, (route) => {
    route.connectToServer();
    socket = route;
  });
  await page.goto(`${server.origin}/c/${server.cluster}/nodes`);
  await live(page);
  await page.context().clearCookies();
  await socket.close();
  await connection(page, /^signed out/, 30_000);
  await connection(page, /kubilitics link/);
  await page.context().request.get(await server.link());
  await connection(page, /^live/, 60_000);
});
