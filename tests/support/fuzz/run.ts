/**
 * `npm run fuzz`: hostile connections against `serve`.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import type { MatrixHost } from "../hosts.ts";
import { runCampaign } from "./campaign.ts";
import { bytesOf } from "./case.ts";
import { caseOf, seedOf } from "./generate.ts";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "node26" },
    cases: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    faults: { type: "string", default: "5" },
  },
});
const host = values.host as MatrixHost;
const run = Number(values.seed);

function* cases() {
  for (let index = 0; index < Number(values.cases); index++) yield caseOf(seedOf(run, index));
}

const started = performance.now();
const result = await runCampaign({
  host,
  cases: cases(),
  faults: Number(values.faults),
  onFault(fault) {
    console.log(
      `\n${fault.what}${fault.isAlone ? "" : " (not alone)"}: seed ${fault.case?.seed}\n  ${
        fault.details.slice(0, 1500)
      }`,
    );
    if (fault.case) console.log(`  ${fault.case.end} ${JSON.stringify(bytesOf(fault.case)).slice(0, 1500)}`);
  },
});
console.log(JSON.stringify(result.progress), `${((performance.now() - started) / 1000).toFixed(1)} s`);
process.exit(result.faults.length === 0 ? 0 : 1);
