/**
 * A thread that watches the loop: what it says of one that is stuck can be said by nobody on it.
 *
 * The loop leaves signs of life, and who runs, in memory that both threads share; names are sent once, before their first turn.
 *
 * @module
 */

import type { Host } from "./host.ts";
import { outside, type TurnRunner } from "./monitor.ts";
import type { HostWorker } from "./worker_port.ts";

/** What the thread is told first. */
export interface WatchdogStart {
  /** A count of signs of life, and the number of who runs. */
  readonly signs: Int32Array;
  /** After how many ms without a sign the loop is stuck. */
  readonly threshold: number;
}

/** A name for a number. */
export interface WatchdogName {
  readonly code: number;
  readonly label: string;
}

const fileEnding = import.meta.url?.endsWith(".ts") ? "ts" : "js";

/** More names than this are all "another one". */
const mostNames = 1000;

/** The loop's side of the thread. */
export class Watchdog {
  readonly #signs = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: HostWorker;
  readonly #codes = new Map<string, number>([[outside, 0]]);

  /** Starts the thread. It does not hold the process. */
  constructor(host: Host, threshold: number) {
    const entry = new URL(`./watchdog_thread.${fileEnding}`, import.meta.url);
    this.#worker = host.spawnWorker(entry, {
      name: "millrace watchdog",
      loads: entry,
      onMessage: () => {},
      onExit: () => {},
    });
    this.#worker.post({ signs: this.#signs, threshold } satisfies WatchdogStart, []);
  }

  /** The loop goes on, with this one or with nobody of ours. */
  sign(runner: TurnRunner | undefined): void {
    const signs = this.#signs;
    signs[1] = runner === undefined ? 0 : this.#codeOf(runner.label);
    Atomics.store(signs, 0, (signs[0]! + 1) | 0);
  }

  /** Ends the thread. */
  close(): void {
    this.#worker.terminate();
  }

  #codeOf(label: string): number {
    let code = this.#codes.get(label);
    if (code === undefined) {
      const known = this.#codes.size < mostNames ? label : "another one";
      code = this.#codes.get(known) ?? this.#codes.size;
      this.#codes.set(known, code);
      this.#worker.post({ code, label: known } satisfies WatchdogName, []);
    }
    return code;
  }
}
