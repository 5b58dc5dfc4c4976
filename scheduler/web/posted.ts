/**
 * A callback that was posted.
 *
 * @module
 */

import { isThenable } from "../../runtime/basics/promises.ts";
import { loop } from "../queue/loop.ts";
import { deliver } from "../scopes/current_scope.ts";
import { Cancelled, type CancelSource } from "../scopes/errors.ts";
import { joinSignal } from "../scopes/foreign_signal.ts";
import { type Owner, Scope } from "../scopes/scope.ts";
import { reportUnhandled } from "../scopes/unhandled.ts";
import { moveQueued } from "../waits/inheritance.ts";
import type { TurnWait } from "../waits/turn.ts";
import { dequeueBy, enqueueBy, follow, laneFrom, type PrioritySource, unfollow } from "./priority_source.ts";

/** A posted callback: the entry, and the scope of what its flow of control does. */
export class Posted extends Scope implements Owner {
  delivered = false;
  turns: TurnWait | undefined = undefined;
  readonly source: PrioritySource;
  readonly abortSource: AbortSignal | undefined;
  #state: "waiting" | "running" | "returned" = "waiting";
  #callback: (() => unknown) | undefined;
  readonly #name: string;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  /** The flow of control that posted it; kept while it waits. */
  #captured: unknown;
  /** The timer of the delay. */
  #timer: { cancel(): void } | undefined = undefined;
  /** For how many reasons the signal is listened to. */
  #uses = 0;
  #leaveSignal: (() => void) | undefined = undefined;
  #baseLane: number | undefined = undefined;
  /** Has a yield gone on, and none been asked for since? */
  #goesOn = false;

  constructor(
    callback: () => unknown,
    signal: AbortSignal | undefined,
    source: PrioritySource,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super(undefined);
    this.owner = this;
    this.source = source;
    this.abortSource = signal;
    this.#callback = callback;
    this.#name = callback.name;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#captured = loop().context.capture();
  }

  get handle(): undefined {
    return undefined;
  }

  override describe(): string {
    return `posted callback "${this.#name || "(anonymous)"}"`;
  }

  get lane(): number {
    return laneFrom(this.source);
  }

  /** The priority with which it began: with a higher one by now, what it waits for is raised. */
  get baseLane(): number {
    return this.#baseLane ?? this.lane;
  }

  relane(): void {
    moveQueued(this, this.lane);
  }

  post(delay: number): void {
    this.use();
    if (delay === 0) return enqueueBy(this.source, this);
    this.#timer = loop().timers.setTimer(() => {
      this.#timer = undefined;
      this.look();
      if (this.#state === "waiting") enqueueBy(this.source, this);
    }, delay);
  }

  /** Looks whether the signal has been aborted: a listener before ours may have kept the event from the others. */
  look(): void {
    const { abortSource } = this;
    if (abortSource?.aborted && this.request === undefined) this.cancel("signal", abortSource.reason);
  }

  /** Is it sure that the callback's own flow of control has led to this yield? Else the host has to be asked, which costs more. */
  leadsHere(): boolean {
    const goesOn = this.#goesOn;
    this.#goesOn = false;
    return goesOn || this.#state === "running";
  }

  /** A yield goes on. */
  goOn(): void {
    this.#goesOn = true;
  }

  /** Listens to the signal, until `unuse` has been called as often as this. */
  use(): void {
    if (this.abortSource !== undefined && this.#uses++ === 0) this.#leaveSignal = joinSignal(this, this.abortSource);
  }

  unuse(): void {
    if (this.abortSource !== undefined && --this.#uses === 0) this.#leaveSignal!();
  }

  /** What a yield rejects with in a scope that is cancelled: the signal's reason itself, if it is the cause. */
  reasonIn(scope: Scope): unknown {
    const cancellation = deliver(scope);
    return cancellation === this.request ? this.abortSource!.reason : cancellation;
  }

  override run(): void {
    this.look();
    if (this.#state !== "waiting") return;
    const captured = this.#captured;
    this.#captured = undefined;
    dequeueBy(this.source, this);
    loop().context.resume(captured, enter, this);
  }

  /** The signal has been aborted. */
  override cancel(source: CancelSource, reason?: unknown): void {
    if (this.#state === "waiting") {
      this.#state = "returned";
      this.#callback = this.#captured = undefined;
      this.#timer?.cancel();
      dequeueBy(this.source, this);
      this.unuse();
      this.#reject(reason);
      return;
    }
    if (this.#state === "running") this.#reject(reason);
    super.cancel(source, reason);
  }

  /** Calls the callback, in its own context; for `enter` alone. */
  call(): void {
    const callback = this.#callback!;
    this.#callback = undefined;
    this.#state = "running";
    this.#baseLane = this.lane;
    if (typeof this.source !== "number") follow(this.source, this);
    let result: unknown;
    try {
      result = callback();
    } catch (error) {
      this.#state = "returned";
      this.#end();
      if (this.request === undefined) this.#reject(error);
      else this.#reportLate(error);
      return;
    }
    this.#state = "returned";
    if (this.abortSource === undefined) return this.#resolve(result);
    if (!isThenable(result)) {
      this.#end();
      return this.#resolve(result);
    }
    // Until its end the signal cancels what is inside.
    const isSettled = this.request !== undefined;
    this.#resolve(this.#follow(result, isSettled));
  }

  async #follow(result: PromiseLike<unknown>, isSettled: boolean): Promise<unknown> {
    try {
      return await result;
    } catch (error) {
      if (isSettled) this.#reportLate(error);
      else throw error instanceof Cancelled && error === this.request ? this.abortSource!.reason : error;
    } finally {
      this.#end();
    }
    return undefined;
  }

  /** The callback and what it returned have come to their end. */
  #end(): void {
    this.unuse();
    if (typeof this.source !== "number") unfollow(this.source, this);
  }

  /** The promise has been rejected with the reason of the abort already; what comes of that is nothing new. */
  #reportLate(error: unknown): void {
    if (error !== this.request && error !== this.abortSource!.reason) reportUnhandled(error, this);
  }
}

/** Starts a callback with its own scheduling state as the current one. */
function enter(posted: Posted): void {
  loop().context.run(posted, call, posted);
}

function call(posted: Posted): void {
  posted.call();
}
