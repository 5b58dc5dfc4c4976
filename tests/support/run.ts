/**
 * `npm test`: format, lint and types, then the same tests on every runtime. `npm test -- --help` tells what else it can.
 *
 * @module
 */

import process from "node:process";
import { runBrowser } from "./browser/browser_runs.ts";
import { writeDocBlocks } from "./doc_blocks.ts";
import { installNatsServer } from "./nats.ts";
import { runCheck } from "./runner/checks.ts";
import { runCoverage } from "./runner/coverage.ts";
import { testFiles } from "./runner/files.ts";
import { runHosts } from "./runner/host_runs.ts";
import { help, type Plan, planOf } from "./runner/options.ts";
import { summaryOf } from "./runner/progress.ts";
import { slowest } from "./runner/reports.ts";
import { watch } from "./runner/watch.ts";

/** Does what is planned; has all passed? */
async function run({ checks, hosts, parts }: Plan): Promise<boolean> {
  writeDocBlocks();
  const failedChecks = checks.filter((check) => !runCheck(check));
  const files = testFiles(parts);
  if (files.some((file) => /\/remote\/nats\/|\/cluster\/|\bdocs_test\./.test(file))) installNatsServer();
  const results = await runHosts(hosts.filter((host) => host !== "browser"), files);
  if (hosts.includes("browser")) results.push(...await runBrowser(files));
  const lines = slowest(results.flatMap(({ times }) => times));
  if (lines.length > 0) console.log(["The slowest tests:", ...lines].join("\n"));
  console.log(summaryOf(results));
  return failedChecks.length === 0 && results.every(({ ok }) => ok);
}

function plan(): Plan {
  try {
    const plan = planOf(process.argv.slice(2));
    if (plan.mode !== "help") testFiles(plan.parts);
    return plan;
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

const planned = plan();
if (planned.mode === "help") console.log(help);
else if (planned.mode === "watch") await watch(() => run(planned));
else process.exit(await (planned.mode === "coverage" ? runCoverage(planned.parts) : run(planned)) ? 0 : 1);
