/** Servers in processes of their own, and what their requests cost there. */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { hostOfThis, root } from "../tests/support/hosts.ts";
import { engineArguments } from "./engine.ts";
import type { Timed } from "./harness.ts";
import { type Load, wrk } from "./tools.ts";
import { enders } from "./worker_raw.ts";

const file = fileURLToPath(new URL("./serve_server.ts", import.meta.url));

/** A server of one of the kinds of `serve_server.ts`. */
export class ServedProcess {
  readonly #child: ChildProcess;
  readonly #waiting: ((line: string) => void)[] = [];
  port = 0;

  /** Starts one; refuses with what it says, if it cannot be. */
  static async start(kind: string): Promise<ServedProcess> {
    const served = new ServedProcess(kind);
    const line = await served.#line();
    served.port = Number(line);
    if (Number.isNaN(served.port)) throw new Error(line);
    return served;
  }

  private constructor(kind: string) {
    const args = [...engineArguments(hostOfThis(), process.argv.includes("--side")), file, kind];
    this.#child = spawn(process.execPath, args, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
    const { stdout, stdin } = this.#child;
    stdout!.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.trim().split("\n")) this.#waiting.shift()?.(line);
    });
    stdin!.on("error", () => {});
    this.#child.on("close", (code) => {
      for (const tell of this.#waiting.splice(0)) tell(`the server's process has ended with ${code}`);
    });
    enders.push(() => this.#child.kill("SIGKILL"));
  }

  /** CPU time of all its threads so far, in us. */
  cpu(): Promise<number> {
    return this.#ask("cpu");
  }

  /** In bytes, once its garbage is collected. */
  memory(): Promise<number> {
    return this.#ask("memory");
  }

  /** What a request takes under a load, in us. */
  async measure(load?: Load): Promise<Timed> {
    const before = await this.cpu();
    const { duration, requests } = await wrk(this.port, load);
    return { figure: duration / requests, cpu: (await this.cpu() - before) / requests };
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.on("close", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  async #ask(what: string): Promise<number> {
    const answer = this.#line();
    this.#child.stdin!.write(`${what}\n`);
    const line = await answer;
    if (Number.isNaN(Number(line))) throw new Error(line);
    return Number(line);
  }

  #line(): Promise<string> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
