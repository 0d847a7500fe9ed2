// Every page in every look: a picture to be looked at, nothing that axe calls serious, nothing refused or logged, and
// nothing that scrolls sideways on a phone.
import assert from "node:assert/strict";
import { join } from "node:path";
import axe from "axe-core";

import { byId, live } from "../support/browser.mjs";
import { required } from "../support/environment.mjs";
import { isError, pages, scenery } from "../support/pages.mjs";
import { story } from "../support/story.mjs";

const LOOKS = {
  dark: { colorScheme: "dark" },
  light: { colorScheme: "light" },
  phone: { colorScheme: "dark", viewport: { width: 390, height: 844 } },
  "without-script": { colorScheme: "dark", javaScriptEnabled: false },
};

const serious = ({ violations }) =>
  violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help} (${target.join(" ")})`));

/** What is wrong with a page that has settled. */
const faults = async (name, look, page, troubles) => {
  const found = troubles.filter((text) => !(isError(name) && text.includes("404")));
  if (look === "dark" || look === "light") {
    await page.evaluate(axe.source);
    found.push(...serious(await page.evaluate(() => window.axe.run())));
  }
  if (look === "phone") {
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (excess > 0) found.push(`${excess} px too wide`);
  }
  return found;
};

story("every page: its pictures, and nothing wrong with it in any look", async ({ server, open }) => {
  const scene = await scenery(server);
  const wrong = [];
  for (const [look, options] of Object.entries(LOOKS)) {
    const script = options.javaScriptEnabled ?? true;
    for (const [name, path] of Object.entries(pages(server, scene))) {
      const { page, troubles, close } = await open({ path, ...options });
      if (isError(name)) await byId(page, "problem").waitFor();
      else if (script) await live(page);
      if (name.startsWith("topology") && script) {
        await page.locator('[data-testid="topology-canvas"][data-ready="true"]').waitFor({ state: "attached" });
      }
      await page.screenshot({ path: join(required("KUBILITICS_TEST_SCREENSHOTS"), `${name}-${look}.png`) });
      wrong.push(...(await faults(name, look, page, troubles)).map((fault) => `${name}, ${look}: ${fault}`));
      await close();
    }
  }
  assert.deepEqual(wrong, []);
});
