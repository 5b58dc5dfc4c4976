/** Simulations in a plain script, in which microtasks and ticks throw what nobody catches. */

import process from "node:process";
import { simulate } from "../../testing.ts";

for (const start of [queueMicrotask, process.nextTick]) {
  try {
    await simulate(async (sim) => {
      await sim.io("first");
      start(() => {
        throw new RangeError(start === queueMicrotask ? "in a microtask" : "in a tick");
      });
      for (let round = 0; round < 5; round++) await sim.io("later");
    });
  } catch (error) {
    console.log(String(error));
  }
}
