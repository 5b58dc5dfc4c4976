/**
 * A thread that watches the loop: what it says of one that is stuck can be said by nobody on it.
 *
 * The loop leaves signs of life, and who runs, in memory that both threads share: no message has to come through while it is stuck.
 *
 * @module
 */

import { threadsOf } from "../host_threads.ts";
import type { Host } from "../port/host.ts";
import type { HostWorker } from "../port/worker.ts";
import type { TurnRunner } from "./monitor.ts";
import { askWhoRuns, type WatchdogStart } from "./watchdog_start.ts";
import { watchdogText } from "./watchdog_text.ts";

/** The part of a longer name that is told. */
const longestName = 500;

/** The loop's side of the thread. */
export class Watchdog {
  readonly #signs = new Int32Array(sharedMemory(8));
  readonly #name = new Uint16Array(sharedMemory(2 * longestName));
  readonly #worker: HostWorker;

  /** Starts the thread. It does not hold the process. `whoRuns` answers for the flow of control that calls it. */
  constructor(host: Host, threshold: number, whoRuns: () => string | undefined) {
    const entry = new URL(watchdogText);
    this.#worker = threadsOf(host).spawn(entry, {
      name: "millrace watchdog",
      loads: entry,
      onMessage: () => {},
      onExit: () => {},
    });
    this.#worker.post({ signs: this.#signs, name: this.#name, threshold } satisfies WatchdogStart, []);
    Object.defineProperty(globalThis, Symbol.for(askWhoRuns), { value: whoRuns, configurable: true });
  }

  /** The loop goes on, with this one or with nobody of ours. */
  sign(runner: TurnRunner | undefined): void {
    const signs = this.#signs;
    signs[1] = runner === undefined ? 0 : this.#write(runner.describe());
    Atomics.store(signs, 0, (signs[0]! + 1) | 0);
  }

  /** Ends the thread. */
  close(): void {
    this.#worker.terminate();
    Reflect.deleteProperty(globalThis, Symbol.for(askWhoRuns));
  }

  #write(text: string): number {
    const name = this.#name;
    const length = Math.min(text.length, longestName);
    for (let index = 0; index < length; index++) name[index] = text.charCodeAt(index);
    return length;
  }
}

/** Memory that the thread sees too. Browsers have it in isolated pages only. */
function sharedMemory(length: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === "function") return new SharedArrayBuffer(length);
  throw new TypeError(
    "A watchdog needs SharedArrayBuffer, which a browser has only in a page with cross-origin isolation: send the headers " +
      "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or leave the watchdog out",
  );
}
