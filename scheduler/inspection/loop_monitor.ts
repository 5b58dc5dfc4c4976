/**
 * Watching the loop.
 *
 * @module
 */

import { checkDuration, checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import type { DelayHistogram } from "../../runtime/basics/histogram.ts";
import { type LongTurn, LoopRecorder, type LoopSnapshot } from "../../runtime/monitor/monitor.ts";
import { Watchdog } from "../../runtime/monitor/watchdog.ts";
import { lazyChannel } from "../../runtime/system/diagnostics.ts";
import { type Loop, loop } from "../queue/loop.ts";
import { currentScope } from "../scopes/current_scope.ts";
import { StructureError } from "../scopes/errors.ts";
import { watchHook } from "../scopes/unhandled.ts";
import { observeTurns } from "./turn_observers.ts";

const told = lazyChannel("turn.long");

/** The loops that a monitor watches. */
const watched = new WeakSet<Loop>();

/** How to watch the loop. */
export interface LoopMonitorOptions {
  /** How often the delay is measured, in ms. Default: 20. */
  resolution?: number;
  /** From how many ms on a turn is long. Default: 50, from where on people notice. */
  longTurn?: number;
  /** Called with each long turn, after it, as are those who subscribe to `millrace.turn.long` of `node:diagnostics_channel`. */
  onLongTurn?: (turn: LongTurn) => void;
  /**
   * After how many ms without a sign of life a thread of its own prints to the error stream that the loop is stuck, and in which task:
   * 50 is enough to see a spin of 200 ms. On Node it also prints where in the code, and names the task if the host resumed it, after a
   * wait that was not one of Millrace's. It costs some 0.5 us a turn. Default: no such thread.
   */
  watchdog?: number;
}

/**
 * Measures how late and how busy the loop is, and tells who kept it from everything else: a turn that was long, also in its
 * microtasks. One at a time watches a loop, until it is closed; it does not hold the process.
 *
 * @example
 * ```ts
 * import { group, LoopMonitor } from "@millrace/millrace";
 *
 * const monitor = new LoopMonitor({ onLongTurn: ({ who, duration }) => console.log(who, duration) });
 * await group((g) => {
 *   g.spawn(() => {
 *     const end = performance.now() + 60;
 *     while (performance.now() < end);
 *   }, { name: "greedy" });
 * });
 * console.log(monitor.snapshot().delay.max, monitor.snapshot().longTurns);
 * monitor.close();
 * ```
 */
export class LoopMonitor {
  readonly #loop: Loop;
  readonly #recorder: LoopRecorder;
  readonly #watchdog: Watchdog | undefined;
  #slicesBefore: number;
  readonly #leave: () => void;
  #isClosed = false;

  /**
   * Begins to watch.
   *
   * @throws {TypeError} or {RangeError} for options of a wrong kind or range; {TypeError} for a watchdog in a page that is not
   * cross-origin isolated.
   * @throws {StructureError} while another one watches.
   */
  constructor(options: LoopMonitorOptions = {}) {
    checkOptions(options, "a LoopMonitor", ["resolution", "longTurn", "onLongTurn", "watchdog"]);
    const { resolution = 20, longTurn = 50, onLongTurn, watchdog } = options;
    checkDuration(resolution, "The resolution of a monitor");
    if (resolution < 1) {
      throw new RangeError(`The resolution of a monitor has to be 1 ms or more: received ${resolution}`);
    }
    checkDuration(longTurn, "The length of a long turn");
    if (onLongTurn !== undefined) checkFunction(onLongTurn, "onLongTurn");
    if (watchdog !== undefined) checkDuration(watchdog, "The time of the watchdog");
    const current = this.#loop = loop();
    const { host, queue } = current;
    if (watched.has(current)) throw new StructureError("Another LoopMonitor watches the loop: close it first");
    const dog = this.#watchdog = watchdog === undefined ? undefined : new Watchdog(host, watchdog, whoRuns);
    this.#recorder = new LoopRecorder(host, {
      resolution,
      longTurn,
      onLongTurn: (turn) => {
        if (told().hasSubscribers) told().publish(turn);
        if (onLongTurn !== undefined) watchHook(onLongTurn(turn));
      },
      onSign: dog && ((runner) => dog.sign(runner)),
    });
    this.#slicesBefore = queue.slices;
    this.#leave = observeTurns(current, this.#recorder);
    watched.add(current);
  }

  /** The numbers since the beginning, or since the last {@linkcode reset}. */
  snapshot(): LoopSnapshot {
    return this.#recorder.snapshot(this.#loop.queue.slices - this.#slicesBefore);
  }

  /** The delays so far; histograms of several threads can be merged. */
  get delays(): DelayHistogram {
    return this.#recorder.delay;
  }

  /** Begins to count anew. */
  reset(): void {
    this.#recorder.reset();
    this.#slicesBefore = this.#loop.queue.slices;
  }

  /** Ceases to watch. A second call does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#leave();
    watched.delete(this.#loop);
    this.#recorder.close();
    this.#watchdog?.close();
  }
}

/** Who runs, by the flow of control. */
function whoRuns(): string | undefined {
  return currentScope()?.describe();
}
