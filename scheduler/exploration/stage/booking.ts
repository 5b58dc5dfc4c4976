/**
 * Who has the stage: there is one in the process, and whoever wants it waits for its turn.
 *
 * ```
 *   waiting ──the stage is free──> on ──`act` has settled──> over, and the next one's turn
 *      │                            └──signal, maxTime──────────────────^
 *      └──signal───────────────────────────────────────────> over
 * ```
 *
 * @module
 */

import { currentHost } from "../../../runtime/current_host.ts";
import type { HostTimer } from "../../../runtime/port/host.ts";
import { runInTurns } from "../../../runtime/simulation/loop/real_turns.ts";
import { TimeoutError } from "../../scopes/errors.ts";
import { onAbort } from "../../scopes/foreign_signal.ts";

/** What ends those who have the stage before their time. */
export interface StageLimits {
  readonly signal: AbortSignal | undefined;
  /** In ms of real time. */
  readonly maxTime: number;
}

/** What is on the stage. */
export interface Play {
  /** How many bodies have begun to run on it. */
  readonly runs: number;
  /** Runs one macrotask; answers "later" where there is none for a while. */
  turn(): true | "later";
  /** The code that comes next is not of the body. */
  rest(): void;
  /** Ends what runs, and puts everything back. */
  close(): void;
}

/** Those who wait for the stage, in the order in which they came. */
const waiting = new Set<Booking<Play, unknown>>();
let isTaken = false;
/** Does code of a body run, and no microtask of it? */
let isInTurn = false;

/** Does somebody wait for the stage? */
export function isStageWanted(): boolean {
  return waiting.size > 0;
}

/**
 * Opens a stage when it is free, in a turn of its own, so that whoever calls sees nothing of it, and lets `act` run bodies on it. When
 * what `act` answers has settled, or a limit has come, everything is put back in the turn in which the caller is told.
 */
export function book<S extends Play, R>(open: () => S, act: (stage: S) => Promise<R>, limits: StageLimits): Promise<R> {
  if (isInTurn) {
    return Promise.reject(new Error("A simulation runs already: another one cannot begin in its body"));
  }
  return new Promise((resolve, reject) => new Booking(open, act, limits, { resolve, reject }).wait());
}

/** One who wants the stage or has it. */
class Booking<S extends Play, R> {
  readonly #open: () => S;
  readonly #act: (stage: S) => Promise<R>;
  readonly #limits: StageLimits;
  readonly #caller: { resolve(result: R): void; reject(error: unknown): void };
  #state: "waiting" | "on" | "over" = "waiting";
  #stage: S | undefined;
  /** Tells the caller; there as soon as it is known what. */
  #settle: (() => void) | undefined;
  #leaveSignal: () => void = () => {};
  #timer: HostTimer | undefined;
  #isStopped = false;

  constructor(
    open: () => S,
    act: (stage: S) => Promise<R>,
    limits: StageLimits,
    caller: { resolve(result: R): void; reject(error: unknown): void },
  ) {
    this.#open = open;
    this.#act = act;
    this.#limits = limits;
    this.#caller = caller;
  }

  wait(): void {
    const { signal } = this.#limits;
    if (signal?.aborted) return this.#caller.reject(signal.reason);
    if (signal !== undefined) this.#leaveSignal = onAbort(signal, (reason) => this.#stop(reason));
    if (isTaken) waiting.add(this as unknown as Booking<Play, unknown>);
    else this.begin();
  }

  begin(): void {
    isTaken = true;
    this.#state = "on";
    const { maxTime } = this.#limits;
    if (maxTime !== Infinity) {
      this.#timer = currentHost().setTimer(() => {
        const runs = this.#stage?.runs ?? 0;
        this.#stop(new TimeoutError(`The simulation, in run ${runs} of its body (maxTime, in real time),`, maxTime));
      }, maxTime);
    }
    runInTurns(() => this.#turn(), () => this.#stage?.rest());
  }

  #turn(): boolean | "later" {
    let more: true | "later" = true;
    if (this.#state === "over") return false;
    if (this.#settle === undefined) {
      isInTurn = true;
      try {
        more = (this.#stage ?? this.#start()).turn();
      } catch (error) {
        this.#stop(error);
      } finally {
        isInTurn = false;
      }
      if (!this.#isStopped) return more;
    }
    this.#end();
    return false;
  }

  #start(): S {
    const stage = this.#stage = this.#open();
    this.#act(stage).then(
      (result) => this.#settle ??= () => this.#caller.resolve(result),
      (error) => this.#settle ??= () => this.#caller.reject(error),
    );
    return stage;
  }

  /** Ends it before its time: at once, lest anybody else finds the simulated functions, or behind the code of the body that runs. */
  #stop(error: unknown): void {
    if (this.#state === "over") return;
    this.#settle = () => this.#caller.reject(error);
    this.#isStopped = true;
    if (!isInTurn) this.#end();
  }

  #end(): void {
    const hadStage = this.#state === "on";
    this.#state = "over";
    this.#timer?.cancel();
    this.#leaveSignal();
    waiting.delete(this as unknown as Booking<Play, unknown>);
    this.#settle!();
    this.#stage?.close();
    if (!hadStage) return;
    isTaken = false;
    const [next] = waiting;
    waiting.delete(next!);
    next?.begin();
  }
}
