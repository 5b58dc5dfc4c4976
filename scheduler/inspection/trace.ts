/**
 * Recording what a program does, for viewers of traces.
 *
 * @module
 */

import { checkCount, checkOptions } from "../../runtime/basics/check.ts";
import type { TurnObserver, TurnRunner } from "../../runtime/monitor/monitor.ts";
import { type DiagnosticsListener, openChannel } from "../../runtime/system/diagnostics.ts";
import { type Loop, loop } from "../queue/loop.ts";
import { currentScope } from "../scopes/current_scope.ts";
import { observeTurns } from "./turn_observers.ts";
import { kinds, TraceLog } from "./trace_log.ts";
import { traceText } from "./trace_text.ts";

/** How to record. */
export interface TraceOptions {
  /** How many events are kept, the last ones; each takes about 40 bytes, and keeps what it is about. Default: 100,000. */
  maxEvents?: number;
}

/** The channels that are recorded, with the kinds of their messages. */
const recorded: readonly (readonly [name: string, kind: number])[] = [
  ["task.spawn", kinds.taskSpawn],
  ["task.start", kinds.taskStart],
  ["task.end", kinds.taskEnd],
  ["wait.start", kinds.waitStart],
  ["wait.wake", kinds.waitWake],
  ["wait.end", kinds.waitEnd],
  ["call.start", kinds.callStart],
  ["call.end", kinds.callEnd],
  ["request.start", kinds.requestStart],
  ["request.end", kinds.requestEnd],
];

/**
 * Records from now on what tasks, waits, turns, calls of pools and requests do, for a viewer of traces: the Performance panel of Chrome's
 * DevTools, or Perfetto. Several traces may be recorded at once. What is recorded is bounded: of a long time the last part is kept.
 *
 * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range; {TypeError} where the host has no
 * `node:diagnostics_channel`, as in a page.
 *
 * @example
 * ```ts
 * import { group, sleep, startTrace } from "@millrace/millrace";
 *
 * const trace = startTrace();
 * await group((g) => {
 *   g.spawn(() => sleep(5), { name: "reader" });
 * });
 * const json = trace.stop(); // write it to a file, and open that in the Performance panel
 * console.log(json.includes("reader")); // -> true
 * ```
 */
export function startTrace(options: TraceOptions = {}): Trace {
  checkOptions(options, "a trace", ["maxEvents"]);
  const { maxEvents = 100_000 } = options;
  checkCount(maxEvents, "The maxEvents of a trace", 1);
  return new Trace(maxEvents);
}

/** A recording that goes on; made by {@linkcode startTrace}. */
export class Trace {
  readonly #loop: Loop = loop();
  readonly #log: TraceLog;
  readonly #began: number;
  readonly #leave: (() => void)[] = [];
  #ended: number | undefined = undefined;

  /** Made by `startTrace`. */
  constructor(maxEvents: number) {
    const log = this.#log = new TraceLog(maxEvents);
    const { host } = this.#loop;
    this.#began = host.now();
    for (const [name, kind] of recorded) {
      const channel = openChannel(name);
      if (channel.subscribe === undefined) {
        throw new TypeError("This host has no node:diagnostics_channel, of which a trace is made");
      }
      const listener: DiagnosticsListener = kind === kinds.waitWake
        ? (message) => log.write(kind, host.now(), message, 0, currentScope()?.owner?.handle)
        : (message) => log.write(kind, host.now(), message);
      channel.subscribe(listener);
      this.#leave.push(() => channel.unsubscribe(listener));
    }
    this.#leave.push(observeTurns(this.#loop, new TurnWriter(log)));
  }

  /** How many events are not kept any more. */
  get dropped(): number {
    return this.#log.dropped;
  }

  /**
   * Ends the recording and gives it as a text of JSON, in the "Trace Event Format". It is made in one go: some 100 ms for 100,000 events. A
   * second call gives the same again.
   */
  stop(): string {
    return [...this.pieces()].join("");
  }

  /** The same in pieces, each made when it is asked for, so that others can run in between. */
  pieces(): Generator<string> {
    this.#ended ??= this.#loop.host.now();
    for (const leave of this.#leave.splice(0)) leave();
    return traceText(this.#log, this.#began, this.#ended);
  }

  /** Ends the recording. */
  [Symbol.dispose](): void {
    for (const leave of this.#leave.splice(0)) leave();
  }
}

/** Writes turns down. */
class TurnWriter implements TurnObserver {
  readonly #log: TraceLog;
  #runner: TurnRunner | undefined = undefined;
  #began = 0;
  /** Has the host looked at its timers and I/O since the last turn? */
  #isFresh = true;

  constructor(log: TraceLog) {
    this.#log = log;
  }

  began(runner: TurnRunner, now: number): void {
    this.#runner = runner;
    this.#began = now;
  }

  ended(now: number, fresh: boolean): void {
    if (this.#runner !== undefined) {
      this.#log.write(kinds.turn, this.#began, this.#runner, now - this.#began, this.#isFresh);
      this.#runner = undefined;
    }
    this.#isFresh = fresh;
  }
}
