// Chromium, signed in, and listening for everything that should not happen.
import { chromium } from "playwright-core";

import { required } from "./environment.mjs";

// Chromium's sandbox does not work as root, which is what build machines run as.
const args = process.getuid() === 0 ? ["--no-sandbox"] : [];

export const launch = () => chromium.launch({ executablePath: required("KUBILITICS_TEST_CHROMIUM"), args });

/** A page of a new browser profile. `troubles` gathers console errors, violations of the CSP among them. */
export const openPage = async (browser, server, { path = "/", ...options } = {}) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(`${message.text()} (${message.location().url})`);
  });
  // The link's token is exchanged for the session cookie of this profile.
  await context.request.get(await server.link());
  await page.goto(server.origin + path);
  return { page, troubles, close: () => context.close() };
};

export const byId = (page, id) => page.locator(`[data-testid="${id}"]`);

/** A node of the topology's tree. */
export const node = (page, id) => page.locator(`[data-testid="topology-node"][data-id="${id}"]`);

/** A row of a list. */
export const row = (page, key) => page.locator(`[data-testid="row"][data-key="${key}"]`);

/** Waits until the page is hydrated and follows its cluster. */
export const live = (page) =>
  page.locator('html[data-script="on"]').waitFor().then(() => connection(page, /^live/));

/** Waits until the connection state says so. */
export const connection = (page, words, timeout) =>
  byId(page, "connection-state").filter({ hasText: words }).waitFor({ state: "attached", timeout });

/** Marks the document, so that a reload is noticed. */
export const markDocument = (page) => page.evaluate(() => { window.storyMark = true; });
export const wasReloaded = (page) => page.evaluate(() => window.storyMark !== true);
