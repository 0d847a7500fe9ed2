import assert from "node:assert/strict";

import { byId, connection, live, markDocument, wasReloaded } from "../support/browser.mjs";
import { story } from "../support/story.mjs";

const list = /\/pkg\/split_tables-[0-9a-f]+\.wasm$/;

story("the code of a page is loaded with it, and a page whose code does not come says so", async ({ server, open }) => {
  const loaded = [];
  const { page, troubles } = await open({ path: "/clusters" });
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  await page.route(list, (route) => route.abort());
  await page.goto(`${server.origin}/c/${server.cluster}/topology`);
  await live(page);
  assert.ok(loaded.some((path) => /\/split_topology-/.test(path)), `${loaded}`);

  await markDocument(page);
  await page.locator(`nav.side a[href^="/c/${server.cluster}/pods"]`).click();
  const problem = byId(page, "problem").filter({ hasText: "did not load" });
  await problem.waitFor();
  assert.equal(await wasReloaded(page), false);

  await page.unroute(list);
  await problem.getByRole("link", { name: "Reload" }).click();
  await byId(page, "list-table").waitFor();
  await connection(page, /^live/);
  assert.equal(await wasReloaded(page), true);
  // What could not be loaded is told to the console, and nothing else is.
  assert.deepEqual(troubles.filter((trouble) => !/split_tables|Failed to fetch/.test(trouble)), []);
});

story("a page whose code does not come stays as the server rendered it", async ({ server, open }) => {
  const { page } = await open({ path: "/clusters" });
  await page.route(list, (route) => route.abort());
  await page.goto(`${server.origin}/c/${server.cluster}/pods`);
  await page.locator('html[data-script="failed"]').waitFor();
  await byId(page, "list-table").waitFor();
  await byId(page, "connection-state").filter({ hasText: "as of" }).waitFor();
});
