// A story is a test with a server and a browser of its own.
import { test } from "node:test";

import { launch, openPage } from "./browser.mjs";
import { startServer } from "./server.mjs";

/** `tell` gets `{ server, open }`; `open` takes the options of a browser profile and a `path`. */
export const story = (name, tell, { seconds = 180, user } = {}) =>
  test(name, { timeout: seconds * 1000 }, async (t) => {
    const server = await startServer(user);
    t.after(() => server.stop());
    const browser = await launch();
    t.after(() => browser.close());
    try {
      await tell({ server, open: (options) => openPage(browser, server, options) });
    } catch (error) {
      console.error(`The log of the server of "${name}" ends with:\n${await server.logTail()}`);
      throw error;
    }
  });
