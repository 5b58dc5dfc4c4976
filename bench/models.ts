/**
 * Models of concurrency on one job: what a connection that waits costs, what a request costs, and how long others wait while one request
 * computes. What is not installed is named and left out. Java and Python speak bare sockets, the others have a library of HTTP.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { executableOf, runArguments } from "../tests/support/hosts.ts";
import { quantile } from "./bugs_statistics.ts";
import type { Bench, ReportOptions } from "./harness.ts";
import { modelsPlot } from "./models_plot.ts";
import { writePicture } from "./plot.ts";

/** How many connections wait, which have asked once each. */
const waiting = 1000;
/** How long requests are measured, in ms. */
const duration = 2000;

/** After so many ms a server that is idle has given back what it gives back. */
const settling = 1000;

/** What was measured of one model. */
export interface Figures {
  readonly model: string;
  /** Of the server before its clients, in MiB. */
  readonly base: number;
  /** For each connection that waits, in KiB. */
  readonly connection: number;
  /** Threads and processes that were started for them. */
  readonly started: number;
  /** CPU time of a request, in us. */
  readonly request: number;
  /** The 99th percentile of others while one request after the other computes for 50 ms, in ms. */
  readonly beside: number;
}

/** How to start a model; or why it cannot be. */
interface Model {
  readonly name: string;
  /** Builds what is to be built into a folder; answers with the command. */
  start(folder: string): string[] | { absent: string };
}

const file = (name: string) => fileURLToPath(new URL(`./models/${name}`, import.meta.url));

const models: readonly Model[] = [
  ...(["node26", "deno", "bun"] as const).map((host) => ({
    name: `event loop: Millrace on ${{ node26: "Node 26", deno: "Deno", bun: "Bun" }[host]}`,
    start() {
      const executable = executableOf(host);
      if (executable === undefined) return { absent: `no ${host}` };
      return [executable, ...runArguments(host), file("ours.ts")];
    },
  })),
  { name: "event loop: node:http", start: () => ofNode("loop.mjs") },
  { name: "two loops: node:cluster", start: () => ofNode("cluster.mjs") },
  {
    name: "goroutines: Go",
    start(folder) {
      const built = join(folder, "goroutines");
      return builds("go", ["build", "-o", built, file("goroutines.go")], { GO111MODULE: "off", GOCACHE: folder }) ??
        [built];
    },
  },
  {
    name: "threads: Java",
    start: (folder) => builds("javac", ["-d", folder, file("Threads.java")]) ?? ["java", "-cp", folder, "Threads"],
  },
  { name: "threads: Python", start: () => builds("python3", ["--version"]) ?? ["python3", file("threads.py")] },
  {
    name: "processes: Python",
    start: () => builds("python3", ["--version"]) ?? ["python3", file("threads.py"), "fork"],
  },
];

export const bench: Bench = {
  name: "models",
  claim:
    "a loop keeps a connection for less than what a thread takes in Java, and with slices nobody waits for what computes",
  unit: "KiB, us, ms",
  target: undefined,
  cases: () => [],
  report,
};

async function report({ plot, json }: ReportOptions): Promise<void> {
  if (process.platform !== "linux") return console.log("This bench reads Linux's /proc: there is none on this system.");
  const folder = mkdtempSync(join(tmpdir(), "millrace-models-"));
  const all: Figures[] = [];
  try {
    for (const model of models) {
      const command = model.start(folder);
      if (!Array.isArray(command)) {
        console.log(`  ${model.name}: left out, ${command.absent}`);
        continue;
      }
      if (!json) console.error(`  ${model.name} ...`);
      all.push(await measure(model.name, command));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (json) return console.log(JSON.stringify({ bench: bench.name, waiting, figures: all }));
  print(all);
  console.log(`\n  plot: ${writePicture(plot, "models", modelsPlot(all))}`);
}

function ofNode(name: string): string[] {
  return [executableOf("node26") ?? process.execPath, file(name)];
}

/** Runs a compiler; `undefined` if all went well. */
function builds(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): { absent: string } | undefined {
  const { status, error } = spawnSync(command, args, { env: { ...process.env, ...env }, stdio: "ignore" });
  if (error !== undefined) return { absent: `no ${command}` };
  return status === 0 ? undefined : { absent: `${command} ended with ${status}` };
}

async function measure(model: string, [command, ...args]: readonly string[]): Promise<Figures> {
  const child = spawn(command!, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  const clients: Client[] = [];
  try {
    const port = await portOf(child);
    const first = await Client.open(port);
    await first.get("/hello");
    const base = memoryOf(child.pid!);
    const before = tasksOf(child.pid!);
    for (let count = 0; count < waiting; count++) clients.push(await Client.open(port));
    await Promise.all(clients.map((client) => client.get("/hello")));
    await new Promise((resolve) => setTimeout(resolve, settling));
    const connection = (memoryOf(child.pid!) - base) / waiting;
    const started = Math.max(0, tasksOf(child.pid!) - before);
    const request = await costOf(clients.slice(0, 32), child.pid!);
    const beside = await latencyOf(clients.slice(0, 8), first);
    return { model, base: base / 1024, connection, started, request, beside };
  } finally {
    for (const client of clients) client.close();
    // The processes that it has made too.
    process.kill(-child.pid!, "SIGKILL");
  }
}

/** What a server prints first. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.stdout!.once("data", (text) => resolve(Number(String(text).trim())));
    child.once("error", reject).once("exit", (code) => reject(new Error(`The server ended with ${code}`)));
  });
}

/** CPU time of a request, in us, of all processes of the server. */
async function costOf(clients: readonly Client[], pid: number): Promise<number> {
  const before = cpuOf(pid);
  let answers = 0;
  const end = performance.now() + duration;
  await Promise.all(clients.map(async (client) => {
    for (; performance.now() < end; answers++) await client.get("/hello");
  }));
  return (cpuOf(pid) - before) / answers;
}

/** The 99th percentile, in ms, of requests while another client's compute. */
async function latencyOf(clients: readonly Client[], busy: Client): Promise<number> {
  const end = performance.now() + duration;
  const taken: number[] = [];
  const computing = (async () => {
    while (performance.now() < end) await busy.get("/work");
  })();
  await Promise.all(clients.map(async (client) => {
    while (performance.now() < end) {
      const begun = performance.now();
      await client.get("/hello");
      taken.push(performance.now() - begun);
      // A client that waits for nothing else would take all of a core.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }));
  await computing;
  return quantile(taken, 0.99);
}

/** A connection that is kept. */
class Client {
  readonly #socket: Socket;
  #text = "";
  #answered: (() => void) | undefined = undefined;

  static open(port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1").setNoDelay(true);
      socket.once("error", reject).once("connect", () => resolve(new Client(socket)));
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {}).setEncoding("latin1").on("data", (text) => {
      this.#text += text;
      if (!this.#text.endsWith("hello") && !this.#text.endsWith("0\r\n\r\n")) return;
      this.#text = "";
      this.#answered?.();
    });
  }

  get(path: string): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A process and all that it has started. */
function treeOf(pid: number): number[] {
  const own: number[] = [];
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim();
      if (children !== "") own.push(...children.split(" ").map(Number));
    }
  } catch {
    // It has ended meanwhile.
  }
  return [pid, ...own.flatMap(treeOf)];
}

/** Proportional: what processes share counts once. In KiB. */
function memoryOf(pid: number): number {
  return sum(
    treeOf(pid),
    (each) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, "utf8"))![1]),
  );
}

/** How many threads there are, over all processes. */
function tasksOf(pid: number): number {
  return sum(treeOf(pid), (each) => readdirSync(`/proc/${each}/task`).length);
}

/** CPU time in us, of threads that have not ended; `stat` would count in hundredths of a second, for each process. */
function cpuOf(pid: number): number {
  return sum(treeOf(pid), (each) => {
    const tasks = readdirSync(`/proc/${each}/task`);
    return sum(
      tasks.map(Number),
      (task) => Number(readFileSync(`/proc/${each}/task/${task}/schedstat`, "utf8").split(" ")[0]),
    ) /
      1000;
  });
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  let total = 0;
  for (const pid of pids) {
    try {
      total += of(pid);
    } catch {
      // It has ended meanwhile.
    }
  }
  return total;
}

function print(all: readonly Figures[]): void {
  console.log(`\nmodels: ${bench.claim}`);
  const head = ["", "base MiB", "KiB/connection", "started", "us/request", "p99 beside work, ms"];
  const rows = all.map(({ model, base, connection, started, request, beside }) => [
    model,
    base.toFixed(0),
    connection.toFixed(1),
    `${started}`,
    request.toFixed(1),
    beside.toFixed(1),
  ]);
  for (const cells of [head, ...rows]) {
    console.log(
      `  ${cells.map((cell, at) => at === 0 ? cell.padEnd(34) : cell.padStart(head[at]!.length + 2)).join("")}`,
    );
  }
}
