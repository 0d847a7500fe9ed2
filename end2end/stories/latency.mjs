// From an event in the API server to the row in the page. The baseline is a plain watch in this process, of the same
// events in the same run: what it needs is the API server's own time, and what we need beyond it is ours.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import { live } from "../support/browser.mjs";
import { api, namespace, watch } from "../support/control-plane.mjs";
import { percentile, summary } from "../support/statistics.mjs";
import { story } from "../support/story.mjs";
import { until } from "../support/until.mjs";

const EVENTS = 200;

story("200 events reach the page, each once", async ({ server, open }) => {
  const ns = await namespace("latency");
  const { page, troubles } = await open({ path: `/c/${server.cluster}/configmaps?ns=${ns}` });
  await live(page);
  await page.evaluate(() => {
    window.storySeen = {};
    const note = (row) => {
      window.storySeen[row.dataset.key] ??= Date.now();
    };
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        for (const node of addedNodes) {
          if (node.nodeType !== Node.ELEMENT_NODE) continue;
          if (node.matches('[data-testid="row"]')) note(node);
          else node.querySelectorAll('[data-testid="row"]').forEach(note);
        }
      }
    }).observe(document.body, { childList: true, subtree: true });
  });

  const path = `/api/v1/namespaces/${ns}/configmaps`;
  const [sent, watched] = [{}, {}];
  const end = await watch(path, ({ type, object }) => {
    if (type === "ADDED") watched[object.metadata.name] = Date.now();
  });
  for (let index = 0; index < EVENTS; index += 1) {
    const name = `event-${index}`;
    sent[name] = Date.now();
    await api("POST", path, { apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
    // Not in step with the server's frames, which would flatter or punish all events alike.
    await delay(20 + Math.random() * 100);
  }
  const seen = await until("every event is in the page", async () => {
    const all = await page.evaluate(() => window.storySeen);
    const missing = Object.keys(sent).filter((name) => !all[`ConfigMap/${ns}/${name}`]);
    if (missing.length > 0) throw new Error(`${missing.length} of ${EVENTS} are missing, ${missing[0]} first`);
    return all;
  }).finally(end);

  const names = Object.keys(sent);
  const baseline = names.map((name) => watched[name] - sent[name]);
  const total = names.map((name) => seen[`ConfigMap/${ns}/${name}`] - sent[name]);
  const ours = names.map((name) => seen[`ConfigMap/${ns}/${name}`] - watched[name]);
  console.log(`event to a raw watch: ${summary(baseline)}; to the DOM: ${summary(total)}; the difference: ${summary(ours)}`);
  const file = process.env.KUBILITICS_TEST_RESULT;
  if (file) {
    const at = (values) => ({ p50: percentile(values, 50), p99: percentile(values, 99) });
    await writeFile(file, JSON.stringify({ baseline: at(baseline), total: at(total), ours: at(ours) }));
  }
  assert.ok(percentile(total, 99) < 5_000, "an event takes seconds to the page");
  assert.deepEqual(troubles, []);
});
