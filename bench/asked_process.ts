/** Programs of the benches in processes of their own, which answer the lines they are asked. */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { hostOfThis, root } from "../tests/support/hosts.ts";
import { engineArguments } from "./engine.ts";
import { enders } from "./worker_raw.ts";

/** A process of a file beside this one, on this host. */
export class AskedProcess {
  readonly #child: ChildProcess;
  readonly #waiting: ((line: string) => void)[] = [];

  constructor(file: string, words: readonly string[]) {
    const path = fileURLToPath(new URL(`./${file}`, import.meta.url));
    const args = [...engineArguments(hostOfThis(), process.argv.includes("--side")), path, ...words];
    this.#child = spawn(process.execPath, args, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
    const { stdout, stdin } = this.#child;
    let text = "";
    stdout!.setEncoding("utf8").on("data", (more: string) => {
      const lines = (text + more).split("\n");
      text = lines.pop()!;
      for (const line of lines) this.#waiting.shift()?.(line);
    });
    stdin!.on("error", () => {});
    this.#child.on("close", (code) => {
      for (const tell of this.#waiting.splice(0)) tell(`the process of ${words.join(" ")} has ended with ${code}`);
    });
    enders.push(() => this.#child.kill("SIGKILL"));
  }

  /** What it says next. */
  line(): Promise<string> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Asks for a number. */
  async ask(what: string): Promise<number> {
    const answer = this.line();
    this.#child.stdin!.write(`${what}\n`);
    const line = await answer;
    if (Number.isNaN(Number(line))) throw new Error(line);
    return Number(line);
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.on("close", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }
}
