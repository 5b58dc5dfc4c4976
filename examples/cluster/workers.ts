/** The worker processes. */

import process from "node:process";
import { fileURLToPath } from "node:url";
import type { TaskGroup } from "../../mod.ts";
import { exec } from "../../io/mod.ts";
import type { Board } from "./board.ts";

const program = fileURLToPath(new URL("./worker.ts", import.meta.url));

/** How many there may be at once: each has threads. */
const most = 6;

export class Workers {
  readonly #group: TaskGroup;
  readonly #board: Board;
  readonly #args: readonly string[];
  #started = 0;

  /** `args` are what each is told after its name. */
  constructor(group: TaskGroup, board: Board, args: readonly string[]) {
    this.#group = group;
    this.#board = board;
    this.#args = args;
  }

  /** Starts one; answers whether there may be one more. */
  start(): boolean {
    const alive = [...this.#board.workers.values()].filter(({ state }) => state === "starts" || state === "serves");
    if (alive.length >= most) return false;
    const name = `worker-${++this.#started}`;
    this.#board.worker(name, "starts");
    this.#group.spawn(() => this.#run(name), { name });
    return true;
  }

  /** Kills one as the power cut would; answers whether it was there. */
  kill(name: string): boolean {
    const worker = this.#board.workers.get(name);
    if (worker?.state !== "serves") return false;
    process.kill(worker.pid!, "SIGKILL");
    this.#board.worker(name, "killed");
    return true;
  }

  /** Runs one to its end. Cancelled, it is drained by SIGTERM. */
  async #run(name: string): Promise<void> {
    // As this program was started: tsx on Node 20, a permission on Deno.
    const flags = "Deno" in globalThis ? ["run", "-A", "--no-check"] : process.execArgv;
    const decoder = new TextDecoder();
    let said = "";
    const stdout = (chunk: Uint8Array): void => {
      if (said.length > 1000) return;
      said += decoder.decode(chunk, { stream: true });
      const pid = /serves as (\d+)\n/.exec(said)?.[1];
      if (pid !== undefined && this.#stateOf(name) === "starts") this.#board.worker(name, "serves", Number(pid));
    };
    try {
      await exec(process.execPath, [...flags, program, name, ...this.#args], {
        ...{ stdout, stderr: "inherit", check: false },
      });
    } finally {
      if (this.#stateOf(name) !== "killed") this.#board.worker(name, "ended");
    }
  }

  #stateOf(name: string): string | undefined {
    return this.#board.workers.get(name)?.state;
  }
}
