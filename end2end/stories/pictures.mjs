// Pictures of every page, to be looked at; and that nothing scrolls sideways on a phone.
import assert from "node:assert/strict";
import { join } from "node:path";

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

story("pictures of every page", async ({ server, open }) => {
  const scene = await scenery(server);
  const sideways = [];
  for (const [look, options] of Object.entries(LOOKS)) {
    for (const [name, path] of Object.entries(pages(server, scene))) {
      const { page, close } = await open({ path, ...options });
      if (isError(name)) await byId(page, "problem").waitFor();
      else if (look !== "without-script") await live(page);
      if (name.startsWith("topology") && look !== "without-script") {
        await page.locator('[data-testid="topology-canvas"][data-ready="true"]').waitFor({ state: "attached" });
      }
      await page.screenshot({ path: join(required("KUBILITICS_TEST_SCREENSHOTS"), `${name}-${look}.png`) });
      if (look === "phone") {
        const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (excess > 0) sideways.push(`${name} is ${excess} px too wide`);
      }
      await close();
    }
  }
  assert.deepEqual(sideways, []);
});
