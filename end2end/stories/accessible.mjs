import assert from "node:assert/strict";
import axe from "axe-core";

import { byId, live } from "../support/browser.mjs";
import { isError, pages, scenery } from "../support/pages.mjs";
import { story } from "../support/story.mjs";

const found = ({ violations }) =>
  violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help} (${target.join(" ")})`));

for (const colorScheme of ["dark", "light"]) {
  story(`axe finds nothing serious, and nothing is refused or logged: ${colorScheme}`, async ({ server, open }) => {
    const scene = await scenery(server);
    const wrong = [];
    for (const [name, path] of Object.entries(pages(server, scene))) {
      const { page, troubles, close } = await open({ path, colorScheme });
      if (isError(name)) await byId(page, "problem").waitFor();
      else await live(page);
      await page.evaluate(axe.source);
      const serious = found(await page.evaluate(() => window.axe.run()));
      const noise = troubles.filter((text) => !(isError(name) && text.includes("404")));
      wrong.push(...[...serious, ...noise].map((text) => `${name}: ${text}`));
      await close();
    }
    assert.deepEqual(wrong, []);
  });
}
