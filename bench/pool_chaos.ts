/** Ten thousand calls that end in every way at random: how many of them never settle, or settle wrongly. */

import { chaos } from "../tests/scheduler/workers/chaos.ts";
import type { Bench } from "./harness.ts";

export const bench: Bench = {
  name: "pool-chaos",
  claim:
    "of 10,000 calls that throw, exit, run out of memory, are aborted, time out or meet a closing pool, each settles",
  unit: "of 10,000 unsettled or wrong",
  target: undefined,
  isAside: true,
  most: 0,
  rounds: 1,
  warmUps: 0,
  cases() {
    return [{
      name: "Millrace",
      kind: "ours",
      async run() {
        const seed = Number(globalThis.process.env["MILLRACE_SEED"] ?? Math.floor(Math.random() * 1e9));
        console.log(`  seed ${seed} (MILLRACE_SEED=${seed} repeats it)`);
        const { calls, pools, unsettled, wrong, left, outcomes } = await chaos(seed, 10_000);
        console.log(
          `  ${calls} calls in ${pools} pools: ${unsettled} unsettled, ${wrong.length} wrong, ${left.length} pools left something`,
        );
        for (const [what, count] of Object.entries(outcomes).sort((a, b) => b[1] - a[1])) {
          console.log(`  ${String(count).padStart(7)}  ${what}`);
        }
        for (const text of [...wrong, ...left].slice(0, 20)) console.log(`  ! ${text}`);
        return unsettled + wrong.length + left.length;
      },
    }];
  },
};
