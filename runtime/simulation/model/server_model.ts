/**
 * The loop of Node, Deno and Bun as a model: an iteration goes through phases, and each has its queue.
 *
 * ```
 *   main ──> timers ──> poll (I/O, messages) ──> check (immediates) ──> close ──┐
 *              ▲                                                                │
 *              └────────────────────────────────────────────────────────────────┘
 * ```
 *
 * @module
 */

import { type Immediate, lacks, LoopModel } from "./loop_model.ts";
import type { LoopHandle } from "./loop_program.ts";
import type { Phase } from "./profile.ts";
import type { Candidate, TimerList } from "./timers.ts";
import { type Bound, type Moment, now } from "./zone.ts";

/** By how many microtasks a message arrives that is ready when its port is first looked at. */
const hopsOfReady = 1;

/** By how many microtasks more than a message an operation calls back that has completed. */
const hopsOfCompletion = 1;

/** One run of a program on the model of a server's loop. */
export class ServerModel extends LoopModel {
  #immediates: Immediate[] = [];
  #messages: (() => void)[] = [];
  #closing: (() => void)[] = [];
  /** Has the loop nothing to wait for but timers? Then one has to come in the next timers phase. */
  #timerMustCome = false;
  /** The last reading of the clock before the timers phase came to its end. */
  #readAtReturn: Moment = now;
  /** Did that phase leave timers behind? */
  #rearmed = false;

  override setImmediate(fn: () => void): LoopHandle {
    const immediate: Immediate = { kind: "immediate", fn: this.callback(fn, "setImmediate") };
    this.#immediates.push(immediate);
    return immediate;
  }

  override close(fn: () => void): void {
    const callback = this.callback(fn, "close");
    if (this.profile.closing === "immediate") this.#immediates.push({ kind: "immediate", fn: callback });
    else this.#closing.push(callback);
  }

  override message(fn: () => void): void {
    const callback = this.callback(fn, "message");
    if (this.profile.messages === "between" && this.decisions.choose(2) === 1) this.#hop(callback, hopsOfReady);
    else this.#messages.push(callback);
  }

  override animationFrame(): void {
    lacks(this.profile, "animationFrame");
  }

  override runLoop(): void {
    const phases: Record<Phase, () => void> = {
      timers: () => this.#timersPhase(),
      poll: () => this.#pollPhase(),
      check: () => {
        this.#checkPhase();
        if (this.profile.messages === "between") this.#deliver();
      },
      close: () => this.#closePhase(),
    };
    while (this.#alive) {
      for (const phase of this.profile.phases) {
        this.visit(`${phase} ${this.#timerMustCome} ${this.#rearmed} ${this.waiting}`, [this.#readAtReturn]);
        phases[phase]();
      }
    }
  }

  get #alive(): boolean {
    return this.timers.size + this.operations.length + this.#messages.length + this.#immediates.length +
        this.#closing.length + this.waiting > 0;
  }

  /** Does the loop not wait in its poll phase? */
  get #busy(): boolean {
    if (this.profile.messages === "poll" && this.#messages.length > 0) return true;
    return this.#immediates.some(({ fn }) => fn !== undefined) || this.#closing.length + this.waiting > 0;
  }

  #timersPhase(): void {
    if (this.timers.size === 0) return;
    this.readClock();
    if (this.#isRearming()) return;
    let ran: boolean;
    do {
      ran = this.profile.timers === "lists" ? this.#runLists() : this.#runByDeadline();
      if (this.profile.completions === "each") this.drain();
    } while (ran && this.#againDue());
  }

  /** Chooses what the timers phase meets at the moment `at`. */
  #pick(at: Moment): TimerList | undefined {
    let candidates: Candidate[] = this.timers.candidates(at);
    if (this.#timerMustCome) candidates = candidates.filter(({ list }) => list !== undefined);
    this.#timerMustCome = false;
    if (candidates.length === 0) return undefined;
    const chosen = candidates[this.decisions.choose(candidates.length)]!;
    this.zone.assume(chosen.bounds);
    return chosen.list;
  }

  /** Node's `processTimers`: the clock is read once, then each list that is due runs all its due timers. */
  #runLists(): boolean {
    const at = this.zone.mark();
    let ran = false;
    for (let list = this.#pick(at); list !== undefined; list = this.#pick(at)) {
      if (ran) this.drain();
      ran = true;
      this.#runList(list, at);
    }
    if (this.profile.rearming > 0) this.readClock();
    this.#readAtReturn = this.zone.mark();
    this.#rearmed = this.timers.size > 0;
    return ran;
  }

  /**
   * A phase that leaves timers behind arms the host's timer for the next of them, for 1 ms at least; until that is over,
   * timers that are due do not come.
   */
  #isRearming(): boolean {
    const mustCome = this.#timerMustCome;
    const early = [{ a: now, b: this.#readAtReturn, difference: this.profile.rearming }];
    if (!this.#rearmed || mustCome || !this.zone.allows(early) || this.decisions.choose(2) === 0) return false;
    this.zone.assume(early);
    return true;
  }

  /** Node's `listOnTimeout`. */
  #runList(list: TimerList, at: Moment): void {
    let ran = false;
    while (list.timers.length > 0) {
      const timer = list.timers[0]!;
      if (this.#decide([this.timers.early(timer, at)], [this.timers.due(timer, at)])) return this.timers.postpone(list);
      if (ran) this.drain();
      ran = true;
      // The drain may have taken this timer back, or started it anew: then it has left the list, or runs all the same.
      if (timer.cleared) continue;
      if (timer.list !== undefined) timer.list.timers.splice(timer.list.timers.indexOf(timer), 1);
      timer.list = undefined;
      this.call(timer.fn);
    }
    this.timers.drop(list);
  }

  /** The due timers by deadline; the clock is read once. */
  #runByDeadline(): boolean {
    const at = this.zone.mark();
    let ran = false;
    for (let list = this.#pick(at); list !== undefined; list = this.#pick(at)) {
      ran = true;
      this.timers.drop(list);
      this.#callAndDrain(this.timers.shift(list).fn);
    }
    return ran;
  }

  /**
   * Has a timer become due since the phase read the clock, and does this host look again? It goes by the last reading, which the drain
   * may have made as it set a timer; for which timers then come, the clock is read anew.
   */
  #againDue(): boolean {
    if (this.profile.timersAgain === "never" || this.timers.size === 0) return false;
    const later = { a: this.#readAtReturn, b: now, difference: -1 };
    if (!this.zone.allows([later])) return false;
    const candidates = this.timers.candidates(now);
    const ways: { isDue: boolean; bounds: readonly Bound[] }[] = candidates.map(({ list, bounds }) =>
      list === undefined ? { isDue: false, bounds } : { isDue: true, bounds: [...bounds, later] }
    );
    ways.push({ isDue: false, bounds: [{ a: now, b: this.#readAtReturn, difference: 0 }] });
    const possible = ways.filter(({ bounds }) => this.zone.allows(bounds));
    if (!possible.some(({ isDue }) => isDue)) return false;
    if (this.profile.timersAgain === "maybe" && this.decisions.choose(2) === 0) return false;
    const { isDue, bounds } = possible[this.decisions.choose(possible.length)]!;
    this.zone.assume(bounds);
    if (isDue) this.readClock();
    return isDue;
  }

  /** Decides between two things that cannot both be true, and at least one of which can. */
  #decide(first: readonly Bound[], second: readonly Bound[]): boolean {
    const canFirst = this.zone.allows(first);
    const canSecond = this.zone.allows(second);
    const isFirst = canFirst && (!canSecond || this.decisions.choose(2) === 0);
    this.zone.assume(isFirst ? first : second);
    return isFirst;
  }

  #pollPhase(): void {
    const hasToWait = !this.#busy;
    if (this.profile.messages === "poll") this.#pollThenMessages(hasToWait);
    else if (this.profile.completions === "batch") this.#runBatch(hasToWait);
    else this.#runTasks(hasToWait);
  }

  /** What has completed, each with a drain behind it; then all messages that were sent before. */
  #pollThenMessages(hasToWait: boolean): void {
    const waiting = this.operations.splice(0);
    const completed: (() => void)[] = [];
    while (waiting.length > 0) {
      const mayStop = !hasToWait || completed.length > 0 || this.timers.size > 0;
      const choice = this.decisions.choose(waiting.length + (mayStop ? 1 : 0));
      if (choice === waiting.length) break;
      completed.push(waiting.splice(choice, 1)[0]!);
    }
    this.operations.push(...waiting);
    const messages = this.#messages.splice(0);
    this.#timerMustCome = hasToWait && completed.length === 0 && messages.length === 0;
    for (const fn of completed) this.#callAndDrain(fn);
    for (const fn of messages) this.#callAndDrain(fn);
  }

  /** What has completed and arrived, as one batch of microtasks. */
  #runBatch(hasToWait: boolean): void {
    // What the last callback before has left over may come before the batch or with it.
    if (this.waiting > 0 && this.decisions.choose(2) === 0) this.drain();
    const messages = new Set(this.#messages);
    const ran = this.#takeArrived(hasToWait, (fn) => this.#hop(fn, messages.has(fn) ? 0 : hopsOfCompletion));
    this.#timerMustCome = hasToWait && !ran;
    this.drain();
  }

  /** One queue for messages and completions, which goes on while there is something in it. */
  #runTasks(hasToWait: boolean): void {
    const ran = this.#takeArrived(hasToWait, (fn) => this.#callAndDrain(fn), true);
    this.#timerMustCome = hasToWait && !ran;
  }

  /** Takes completions, in any order, and messages, in order, until it is decided to stop; answers if there were any. */
  #takeArrived(hasToWait: boolean, take: (fn: () => void) => void, allMessages = false): boolean {
    let ran = false;
    for (;;) {
      const message = this.#messages.length > 0 ? 1 : 0;
      const mayStop = !(allMessages && message > 0) && (!hasToWait || ran || this.timers.size > 0);
      const choices = message + this.operations.length + (mayStop ? 1 : 0);
      if (choices === 0) return ran;
      const choice = this.decisions.choose(choices);
      if (mayStop && choice === choices - 1) return ran;
      ran = true;
      take(choice < message ? this.#messages.shift()! : this.operations.splice(choice - message, 1)[0]!);
    }
  }

  /** Messages that arrive between two phases, in order, as one batch of microtasks. */
  #deliver(): void {
    const { length } = this.#messages;
    for (const fn of this.#messages.splice(0, length - this.decisions.choose(length + 1))) this.queueInternal(fn);
    this.drain();
  }

  #checkPhase(): void {
    const batch = this.#immediates;
    this.#immediates = [];
    for (const immediate of batch) {
      const { fn } = immediate;
      if (fn === undefined) continue;
      immediate.fn = undefined;
      this.#callAndDrain(fn);
    }
  }

  #closePhase(): void {
    const batch = this.#closing.splice(0);
    if (this.profile.closing === "last-first") {
      for (const fn of batch.reverse()) this.#callAndDrain(fn);
    } else {
      for (const fn of batch) this.call(fn);
      this.drainMicrotasks();
    }
  }

  #callAndDrain(fn: () => void): void {
    this.call(fn);
    this.drain();
  }

  #hop(fn: () => void, hops: number): void {
    if (hops === 0) this.queueInternal(fn);
    else this.queueInternal(() => this.#hop(fn, hops - 1));
  }
}
