/**
 * `npm run bench`: every claim beside its floor and its peers, in one run.
 *
 *   --only NAME      the bench of that name, else those whose name contains NAME
 *   --runtime HOST   node (default), node26, deno or bun
 *   --json           the figures as JSON
 *   --seeds, --cap, --twins, --plot   for the bench of bugs: how many seeds, where a search ends, schedules of each mended
 *                    twin, and the file of the plot
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { executableOf, hostOfThis, type MatrixHost } from "../tests/support/hosts.ts";
import { bench as bugs } from "./bugs.ts";
import { cancel, cancelLinear } from "./cancel.ts";
import { afterOthers, bench as chunked, largerItems, manyJobs, typedArray } from "./chunked.ts";
import { bench as gap } from "./gap.ts";
import { channel, deepCancel, semaphore } from "./handover.ts";
import { type Bench, measure, type Measured, type ReportOptions } from "./harness.ts";
import { bench as ioLatency, worst as worstIoLatency } from "./io_latency.ts";
import { bench as monitor } from "./monitor.ts";
import { bench as parked } from "./parked.ts";
import { bench as serve } from "./serve.ts";
import { besideWork, draining, idleConnections, refusing, tail } from "./serve_more.ts";
import { bench as simulatedSchedules, macrotasks, virtualHour } from "./simulated_schedules.ts";
import { bench as spawnJoin } from "./spawn_join.ts";
import { bench as timeout } from "./timeout.ts";
import { bench as poolChaos } from "./pool_chaos.ts";
import { bench as poolMatrix } from "./pool_matrix.ts";
import { bench as turn, manyEntries, withContext, yields } from "./turn.ts";
import { burst, burstOfTwo, inFlight, inFlightOfTwo, inTurn } from "./worker.ts";
import { bench as workerMap } from "./worker_map.ts";
import { enders } from "./worker_raw.ts";
import { busy, cooperative } from "./worker_stop.ts";
import { bench as workerTransfer } from "./worker_transfer.ts";

const benches: readonly Bench[] = [
  turn,
  withContext,
  yields,
  manyEntries,
  spawnJoin,
  cancel,
  cancelLinear,
  deepCancel,
  timeout,
  channel,
  semaphore,
  chunked,
  afterOthers,
  typedArray,
  largerItems,
  manyJobs,
  gap,
  ioLatency,
  worstIoLatency,
  monitor,
  parked,
  inTurn,
  inFlight,
  inFlightOfTwo,
  burst,
  burstOfTwo,
  workerMap,
  workerTransfer,
  cooperative,
  busy,
  poolMatrix,
  poolChaos,
  simulatedSchedules,
  macrotasks,
  virtualHour,
  bugs,
  serve,
  tail,
  besideWork,
  refusing,
  draining,
  idleConnections,
];

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    runtime: { type: "string" },
    json: { type: "boolean" },
    here: { type: "boolean" },
    seeds: { type: "string" },
    cap: { type: "string" },
    twins: { type: "string" },
    plot: { type: "string" },
  },
});

if (!values.here) {
  const host = (values.runtime ?? hostOfThis()) as MatrixHost;
  const executable = executableOf(host);
  if (executable === undefined) {
    console.error(
      `There is no ${host} here: \`npm ci\` and \`npm test\` bring the runtimes node, node26, deno and bun`,
    );
    process.exit(2);
  }
  const file = fileURLToPath(import.meta.url);
  const flags: Record<MatrixHost, string[]> = {
    node: ["--expose-gc", "--import", "tsx"],
    node26: ["--expose-gc"],
    deno: ["run", "-A", "--no-check", "--v8-flags=--expose-gc"],
    bun: [],
  };
  // Each bench has a process of its own: what one leaves behind in the engine would be another one's handicap.
  let status = 0;
  const only = values.only ?? "";
  const exact = benches.filter(({ name }) => name === only);
  const wanted = exact.length > 0 ? exact : benches.filter(({ name }) => name.includes(only));
  if (wanted.length === 0) {
    console.error(`No bench has ${only} in its name: there are ${benches.map(({ name }) => name).join(", ")}`);
    process.exit(2);
  }
  for (const { name } of wanted) {
    const args = [...flags[host], file, "--here", "--only", name, ...passedOn()];
    status ||= spawnSync(executable, args, { stdio: "inherit" }).status ?? 1;
  }
  process.exit(status);
}

for (const bench of benches) {
  if (bench.name !== values.only) continue;
  if (bench.report !== undefined) {
    const [seeds, cap, twins] = [values.seeds, values.cap, values.twins].map((value) => value && Number(value));
    await bench.report({ json: values.json === true, seeds, cap, twins, plot: values.plot } as ReportOptions);
    continue;
  }
  const measured = await measure(bench);
  if (values.json) {
    console.log(
      JSON.stringify({ host: hostOfThis(), bench: bench.name, unit: bench.unit, target: bench.target, measured }),
    );
  } else print(bench, measured);
  for (const end of enders) end();
}
process.exit(0);

/** The options that the process of a bench is given. */
function passedOn(): string[] {
  const names = ["seeds", "cap", "twins", "plot"] as const;
  const options = names.flatMap((name) => values[name] === undefined ? [] : [`--${name}`, values[name]!]);
  return values.json ? [...options, "--json"] : options;
}

function print(bench: Bench, measured: readonly Measured[]): void {
  console.log(`\n${bench.name} on ${hostOfThis()}: ${bench.claim}`);
  for (const { name, kind, median, low, high, ratio } of measured) {
    const times = ratio === undefined ? "" : `  ${ratio.toFixed(2)} x`;
    const verdict = kind !== "ours" || ratio === undefined || bench.target === undefined
      ? ""
      : ratio <= bench.target
      ? `  (target ${bench.target}: met)`
      : `  (target ${bench.target}: MISSED)`;
    console.log(
      `  ${name.padEnd(52)} ${figure(median)} ${bench.unit}  [${figure(low)} .. ${figure(high)}]${times}${verdict}`,
    );
  }
}

function figure(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 1 ? 2 : 4).padStart(9);
}
