/**
 * Recording what a program does, for viewers of traces.
 *
 * @module
 */

import { checkBoolean, checkCount, checkOptions } from "../../runtime/basics/check.ts";
import type { TurnObserver, TurnRunner } from "../../runtime/monitor/monitor.ts";
import { type Samples, startSampling } from "../../runtime/monitor/profiler.ts";
import type { Host } from "../../runtime/port/host.ts";
import { openChannel } from "../../runtime/system/diagnostics.ts";
import { type Loop, loop } from "../queue/loop.ts";
import { currentScope } from "../scopes/current_scope.ts";
import { Member } from "../scopes/scope.ts";
import { coreOf, type Task } from "../scopes/task.ts";
import type { TaskTrace } from "../tasks/mod.ts";
import { TaskNode } from "../tasks/task_node.ts";
import type { WaitTrace } from "../waits/mod.ts";
import { stateNumbers } from "./trace_found.ts";
import { endsIn, kinds, TraceLog } from "./trace_log.ts";

import { traceText } from "./trace_text.ts";
import { observeTurns } from "./turn_observers.ts";

/** How to record. */
export interface TraceOptions {
  /** How many events are kept, the last ones; each takes about 50 bytes. Default: 100,000. */
  maxEvents?: number;
  /**
   * Are long turns to have a stack: where the code was most often meanwhile? The host is then made to look every millisecond, which costs some
   * hundredths of what runs; only Node can. Default: false.
   */
  stacks?: boolean;
}

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
  checkOptions(options, "a trace", ["maxEvents", "stacks"]);
  const { maxEvents = 100_000, stacks = false } = options;
  checkCount(maxEvents, "The maxEvents of a trace", 1);
  checkBoolean(stacks, "stacks");
  return new Trace(maxEvents, stacks);
}

/** A recording that goes on; made by {@linkcode startTrace}. */
export class Trace {
  readonly #loop: Loop = loop();
  readonly #log: TraceLog;
  readonly #began: number;
  readonly #leave: (() => void)[] = [];
  #ended: number | undefined = undefined;
  #stopSampling: (() => Samples | undefined) | undefined = undefined;
  #samples: Samples | undefined = undefined;

  /** Made by `startTrace`. */
  constructor(maxEvents: number, stacks: boolean) {
    const log = this.#log = new TraceLog(maxEvents);
    const { host } = this.#loop;
    const turns = new TurnWriter(log);
    for (const [name, write] of Object.entries(writersFor(log, host, turns))) {
      const channel = openChannel(name);
      if (channel.subscribe === undefined) {
        throw new TypeError("This host has no node:diagnostics_channel, of which a trace is made");
      }
      channel.subscribe(write);
      this.#leave.push(() => channel.unsubscribe(write));
    }
    // The turn that stops the trace belongs to it, up to there.
    this.#leave.push(observeTurns(this.#loop, turns), () => turns.ended(host.now(), false));
    if (stacks) this.#stopSampling = startSampling(() => host.now());
    this.#began = host.now();
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
    this[Symbol.dispose]();
    return traceText(this.#log, this.#began, this.#ended, this.#samples);
  }

  /** Ends the recording. */
  [Symbol.dispose](): void {
    for (const leave of this.#leave.splice(0)) leave();
    this.#samples ??= this.#stopSampling?.();
    this.#stopSampling = undefined;
  }
}

/** What writes down the messages of each channel. */
function writersFor(log: TraceLog, host: Host, turns: TurnWriter): Record<string, (message: unknown) => void> {
  const ofWait = (kind: number) => (message: unknown): void => {
    log.write(kind, host.now(), (message as WaitTrace).task?.id ?? 0, message);
  };
  const whole = (kind: number) => (message: unknown): void => log.write(kind, host.now(), 0, message);
  return {
    "task.end": (message) => {
      // In a turn, when that began: when it has ended is known at its end, and a look at the clock costs as much as all the rest.
      const node = nodeOf((message as TaskTrace).task);
      if (turns.endsIn(node)) return;
      log.writeTask(kinds.taskEnd, turns.since ?? host.now(), node, stateNumbers[node.state]);
    },
    "wait.start": ofWait(kinds.waitStart),
    "wait.wake": (message) => {
      // A timer's callback has the flow of control of whoever set the host's timer, for which it does nothing.
      const waker = (message as WaitTrace).waitingFor === "sleep" ? undefined : currentScope()?.owner?.handle;
      const task = (message as WaitTrace).task?.id ?? 0;
      log.write(kinds.waitWake, host.now(), task, message, undefined, waker?.id);
    },
    "wait.end": ofWait(kinds.waitEnd),
    "call.start": whole(kinds.callStart),
    "call.end": whole(kinds.callEnd),
    "request.start": whole(kinds.requestStart),
    "request.end": whole(kinds.requestEnd),
  };
}

/** The machinery of a task that has a turn of its own. */
function nodeOf(task: Task<unknown>): TaskNode {
  return coreOf(task) as TaskNode;
}

/** Writes turns down: by the number of the task that runs, where it is one. */
class TurnWriter implements TurnObserver {
  /** When the turn began that runs; `undefined` while none does. */
  since: number | undefined = undefined;
  readonly #log: TraceLog;
  #runner: TurnRunner | undefined = undefined;
  /** The number of the state in which the task has ended whose turn it is; 0 if it has not. */
  #ended = 0;
  /** Has the host looked at its timers and I/O since the last turn? */
  #isFresh = true;

  constructor(log: TraceLog) {
    this.#log = log;
  }

  began(runner: TurnRunner, now: number): void {
    this.#runner = runner;
    this.since = now;
  }

  /** Has a task ended in its own first turn? Then that is written down with the turn. */
  endsIn(node: TaskNode): boolean {
    if (this.#runner !== node) return false;
    this.#ended = stateNumbers[node.state];
    return true;
  }

  ended(now: number, fresh: boolean): void {
    const { since } = this;
    if (since !== undefined) {
      this.#write(this.#runner!, since, now - since);
      this.since = this.#runner = undefined;
    }
    this.#isFresh = fresh;
  }

  #write(runner: TurnRunner, since: number, length: number): void {
    const kind = this.#isFresh ? kinds.sliceTurn : kinds.turn;
    const task = taskIn(runner);
    if (task === undefined) return this.#log.write(kind, since, 0, runner, undefined, length);
    // The turn of a task itself is its first one; it goes on in those of its waits.
    this.#log.writeTask((task === runner ? kind + 1 : kind) + endsIn * this.#ended, since, task, length);
    this.#ended = 0;
  }
}

/** The task that runs in a turn: its first one, or what goes on after a wait of its own. */
function taskIn(runner: TurnRunner): TaskNode | undefined {
  if (runner instanceof TaskNode) return runner;
  const owner = runner instanceof Member ? runner.parent?.owner : undefined;
  return owner instanceof TaskNode ? owner : undefined;
}
