/**
 * `npm run bench`: every claim beside its floor and its peers, in one run.
 *
 *   --only NAME      the bench of that name, else those whose name contains NAME; several with commas between them
 *   --runtime HOST   node (default), node26, deno or bun
 *   --json           the figures as JSON
 *   --against REF    what has changed since REF, a revision of the repository or another checkout's folder: both trees run
 *                    their own benches of these names, in turn, and each change is told with its spread
 *   --pairs N        for --against: that many processes of each tree, 8 at least; else as many as it takes, 30 at most
 *   --seeds, --cap, --twins, --plot   for the bench of bugs: how many seeds, where a search ends, schedules of each mended
 *                    twin, and the file of the plot
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { executableOf, hostOfThis, type MatrixHost } from "../tests/support/hosts.ts";
import { against } from "./against.ts";
import { fewestPairs } from "./against_statistics.ts";
import { bench as bugs } from "./bugs.ts";
import { cancel, cancelLinear } from "./cancel.ts";
import { afterOthers, bench as chunked, largerItems, manyJobs, typedArray } from "./chunked.ts";
import { bench as gap } from "./gap.ts";
import { channel, deepCancel, semaphore } from "./handover.ts";
import { type Bench, measure, type Measured, measureSide, type ReportOptions } from "./harness.ts";
import { bench as ioLatency, worst as worstIoLatency } from "./io_latency.ts";
import { bench as models } from "./models.ts";
import { bench as monitor } from "./monitor.ts";
import { bench as multiplexing } from "./multiplexing.ts";
import { bench as parked } from "./parked.ts";
import { bench as poolChaos } from "./pool_chaos.ts";
import { bench as poolMatrix } from "./pool_matrix.ts";
import { bench as serve } from "./serve.ts";
import { besideWork, draining, idleConnections, refusing, tail } from "./serve_more.ts";
import { bench as simulatedSchedules, macrotasks, virtualHour } from "./simulated_schedules.ts";
import { bench as spawnJoin } from "./spawn_join.ts";
import { bench as timeout } from "./timeout.ts";
import { bench as turn, manyEntries, withContext, yields } from "./turn.ts";
import { burst, burstOfTwo, inFlight, inFlightOfTwo, inTurn } from "./worker.ts";
import { bench as workerMap } from "./worker_map.ts";
import { enders } from "./worker_raw.ts";
import { afterRunaway, busy, cooperative } from "./worker_stop.ts";
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
  multiplexing,
  models,
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
  afterRunaway,
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

const options = {
  only: { type: "string" },
  runtime: { type: "string" },
  json: { type: "boolean" },
  against: { type: "string" },
  pairs: { type: "string" },
  seeds: { type: "string" },
  cap: { type: "string" },
  twins: { type: "string" },
  plot: { type: "string" },
} as const;
/** What a process of a bench is told by the one that starts it; `side` also says to other trees that there is such a thing. */
const inner = {
  here: { type: "boolean" },
  side: { type: "boolean" },
} as const;
const values = parse();

if (!values.here) {
  const host = (values.runtime ?? hostOfThis()) as MatrixHost;
  const executable = executableOf(host);
  if (executable === undefined) {
    refuse(`There is no ${host} here: \`npm ci\` and \`npm test\` bring the runtimes node, node26, deno and bun`);
  }
  const file = fileURLToPath(import.meta.url);
  // How far the engine's own threads get with compiling and collecting is chance on a busy machine, and as good as a change of a
  // few percent: where trees are compared, it does all of that in the thread that asks for it.
  const engine = values.against === undefined ? ["--expose-gc"] : ["--expose-gc", "--single-threaded"];
  const flags: Record<MatrixHost, string[]> = {
    node: [...engine, "--import", "tsx"],
    node26: engine,
    deno: ["run", "-A", "--no-check", `--v8-flags=${engine.join(",")}`],
    bun: [],
  };
  // Each bench has a process of its own: what one leaves behind in the engine would be another one's handicap.
  let status = 0;
  const wanted = wantedBenches();
  const pairs = values.pairs === undefined ? undefined : Number(values.pairs);
  if (values.against !== undefined) {
    if (pairs !== undefined && !(Number.isSafeInteger(pairs) && pairs >= fewestPairs)) {
      refuse(`--pairs is to be a whole number, ${fewestPairs} at least: fewer cannot tell a change from chance`);
    }
    const names = wanted.filter(({ report }) => report === undefined).map(({ name }) => name);
    for (const { name, report } of wanted) if (report) console.error(`${name} prints a report of its own: left out`);
    if (names.length === 0) refuse("There is nothing to compare");
    const json = values.json === true;
    process.exit(
      await against({ names, reference: values.against, pairs, json, host, executable, flags: flags[host] }),
    );
  }
  if (pairs !== undefined) refuse("--pairs is for --against");
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
  const measured = await (values.side ? measureSide : measure)(bench);
  if (values.json) {
    console.log(
      JSON.stringify({ host: hostOfThis(), bench: bench.name, unit: bench.unit, target: bench.target, measured }),
    );
  } else print(bench, measured);
  for (const end of enders) end();
}
process.exit(0);

function parse() {
  try {
    return parseArgs({ options: { ...options, ...inner } }).values;
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`).join(", ");
    return refuse(`${(error as Error).message.split(". ")[0]}. The options are ${known}`);
  }
}

/** The benches that --only names. */
function wantedBenches(): readonly Bench[] {
  const wanted = new Set<Bench>();
  for (const only of (values.only ?? "").split(",")) {
    const exact = benches.filter(({ name }) => name === only);
    const found = exact.length > 0 ? exact : benches.filter(({ name }) => name.includes(only));
    if (found.length === 0) {
      refuse(`No bench has ${only} in its name: there are ${benches.map(({ name }) => name).join(", ")}`);
    }
    for (const bench of found) wanted.add(bench);
  }
  return benches.filter((bench) => wanted.has(bench));
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

/** The options that the process of a bench is given. */
function passedOn(): string[] {
  const names = ["seeds", "cap", "twins", "plot"] as const;
  const options = names.flatMap((name) => values[name] === undefined ? [] : [`--${name}`, values[name]!]);
  return values.json ? [...options, "--json"] : options;
}

function print(bench: Bench, measured: readonly Measured[]): void {
  console.log(`\n${bench.name} on ${hostOfThis()}: ${bench.claim}`);
  for (const { name, kind, median, low, high, cpu, ratio } of measured) {
    const cpuTime = cpu === undefined ? "" : `  CPU ${figure(cpu)}`;
    const times = ratio === undefined ? "" : `  ${ratio.toFixed(2)} x`;
    const verdict = kind !== "ours" || ratio === undefined || bench.target === undefined
      ? ""
      : ratio <= bench.target
      ? `  (target ${bench.target}: met)`
      : `  (target ${bench.target}: MISSED)`;
    console.log(
      `  ${name.padEnd(52)} ${figure(median)} ${bench.unit}  [${figure(low)} .. ${
        figure(high)
      }]${cpuTime}${times}${verdict}`,
    );
  }
}

function figure(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 1 ? 2 : 4).padStart(9);
}
