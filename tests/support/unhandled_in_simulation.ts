/** A simulation in a plain script, in which a rejection is handled by nobody. */

import { simulate } from "../../testing.ts";

try {
  await simulate(async (sim) => {
    await sim.io("first");
    void Promise.reject(new RangeError("lost"));
    for (let round = 0; round < 5; round++) await sim.io("later");
  });
} catch (error) {
  console.log(`${(error as Error).name}: ${((error as Error).cause as Error).message}`);
}
