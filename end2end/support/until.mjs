// Waiting for a state that no browser event tells of.
import { setTimeout as delay } from "node:timers/promises";

/** Asks again until the answer is neither false nor empty; `what` is for the error. An error counts as "not yet". */
export const until = async (what, ask, seconds = 60) => {
  const deadline = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < deadline) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await delay(50);
  }
  const seen = last instanceof Error ? last.message : JSON.stringify(last);
  throw new Error(`not within ${seconds} s: ${what} (last seen: ${seen})`);
};
