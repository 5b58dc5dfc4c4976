/**
 * The process of a server under the fuzzer, seen from outside.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { executableOf, type MatrixHost, root, typeScriptArguments } from "../hosts.ts";
import { within } from "../within.ts";
import { ownHost } from "./head.ts";
import type { Report, ReportKind } from "./report.ts";

/**
 * How long a server has to come to rest after its last client, in ms: 2 s, which WebSockets may take where a host does not
 * tell of a client that has left, and as much again for a busy machine.
 */
const restTime = 4000;

/** A server that runs. */
export class ServerProcess {
  readonly port: number;
  /** How it ended, and what it printed on the way; `undefined` while it lives. */
  end: string | undefined = undefined;
  readonly #child: ChildProcess;
  readonly #printed: { errors: string };
  #answers: ((line: string) => void)[] = [];

  private constructor(child: ChildProcess, port: number, printed: { errors: string }, lines: AsyncIterator<string>) {
    this.#child = child;
    this.port = port;
    this.#printed = printed;
    void this.#read(lines);
    child.on("exit", (code, signal) => {
      this.end = `The process ended with ${signal ?? code}`;
      this.#answers.splice(0).forEach((answer) => answer(""));
    });
  }

  /** Starts the program on a runtime; `folder` is the checkout that it is of. */
  static async start(host: MatrixHost, folder: string = root): Promise<ServerProcess> {
    const program = join(folder, "tests/support/fuzz/server_program.ts");
    const flags: Record<MatrixHost, string[]> = {
      node: [...typeScriptArguments("node"), "--expose-gc"],
      node26: ["--expose-gc"],
      deno: ["run", "-A", "--no-check"],
      bun: [],
    };
    const env = { ...process.env, NO_COLOR: "1", DENO_V8_FLAGS: "--expose-gc" };
    const child = spawn(executableOf(host)!, [...flags[host], program], { cwd: folder, env, stdio: "pipe" });
    const printed = { errors: "" };
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (printed.errors += text));
    // One that has died takes no word any more.
    child.stdin.on("error", () => {});
    const lines = linesOf(child.stdout.setEncoding("utf8"));
    const first = await within(lines.next(), "the server listens");
    const port = /^port (\d+)$/.exec(String(first.value))?.[1];
    if (port === undefined) throw new Error(`The server did not begin: ${first.value}\n${printed.errors}`);
    return new ServerProcess(child, Number(port), printed, lines);
  }

  /** Warnings and errors that it has printed; empty if there are none. */
  get complaints(): string {
    return this.#printed.errors;
  }

  /** What has happened in it; `undefined` if it has died, or does not answer in 10 s. */
  async report(what: ReportKind): Promise<Report | undefined> {
    if (this.end !== undefined) return undefined;
    const line = new Promise<string>((resolve) => this.#answers.push(resolve));
    this.#child.stdin!.write(`${what}\n`);
    try {
      const text = await within(line, "the server has reported", 10_000);
      return text === "" ? undefined : JSON.parse(text.replaceAll(`//127.0.0.1:${this.port}/`, `//${ownHost}/`));
    } catch {
      this.end ??= "The process does not answer";
      return undefined;
    }
  }

  /** What happened up to now is not told again. */
  forget(): void {
    if (this.end === undefined) this.#child.stdin!.write("forget\n");
  }

  /** Waits until nothing runs, waits or is connected, for 4 s; says what is left. */
  async rest(): Promise<{ report: Report | undefined; left: string }> {
    const end = performance.now() + restTime;
    for (;;) {
      const report = await this.report("numbers");
      if (report === undefined) return { report, left: "" };
      const { active, queued, tasks, unended } = report;
      const numbers = Object.entries({ active, queued, tasks, unended });
      const counts = numbers.filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
      const left = [...counts, ...socketsOf(this.port)].join(", ");
      if (left === "" || performance.now() > end) return { report: await this.report("all"), left };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends it. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await exited;
  }

  async #read(lines: AsyncIterator<string>): Promise<void> {
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      this.#answers.shift()?.(next.value);
    }
  }
}

async function* linesOf(stream: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/**
 * The connections of a port that the system still has for a process, each with its state and its client's address, which tells
 * the case: not those in TIME_WAIT, nor those that nobody has any more. Systems without `/proc` do not say.
 */
function socketsOf(port: number): string[] {
  if (process.platform !== "linux") return [];
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "latin1").split("\n").map((row) => row.trim().split(/\s+/));
  const [listening, timeWait] = ["0A", "06"];
  const open = rows.filter(([, local, , state, , , , , , inode]) =>
    local?.endsWith(suffix) === true && state !== listening && state !== timeWait && inode !== "0"
  );
  return open.map(([, , client, state]) => `a socket in state ${state} of ${addressOf(client!)}`);
}

/** An address as `/proc` has it: the last byte first. */
function addressOf(text: string): string {
  const bytes = text.slice(0, 8).match(/../g) ?? [];
  return bytes.reverse().map((byte) => parseInt(byte, 16)).join(".");
}
