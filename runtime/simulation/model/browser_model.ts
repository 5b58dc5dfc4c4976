/**
 * The loop of a browser as a model: tasks of several sources, each in order, and frames drawn between them.
 *
 * @module
 */

import { checkCallback, lacks, LoopModel } from "./loop_model.ts";
import type { LoopHandle } from "./loop_program.ts";
import { now } from "./zone.ts";

/** A timer set by a timer, and so on for more than so many, waits `clampedDelay` at least. */
const nestingToClamp = 5;
const clampedDelay = 4;

/** One run of a program on the model of a browser's loop. */
export class BrowserModel extends LoopModel {
  #messages: (() => void)[] = [];
  #frames: (() => void)[] = [];
  /** How deep in timers that set timers the callback that runs is; microtasks do not inherit it. */
  #nesting = 0;
  /** 0 in newer browsers, 1 in older ones; decided when first needed. */
  #shortest: number | undefined;

  override setTimeout(fn: () => void, ms: number): LoopHandle {
    checkCallback(fn, "setTimeout");
    const nesting = this.#nesting;
    const run = () => {
      this.#nesting = nesting + 1;
      fn();
    };
    return super.setTimeout(run, nesting > nestingToClamp && !(ms >= clampedDelay) ? clampedDelay : ms);
  }

  override setImmediate(): LoopHandle {
    lacks(this.profile, "setImmediate");
  }

  override nextTick(): void {
    lacks(this.profile, "nextTick");
  }

  override refresh(): void {
    lacks(this.profile, "refresh");
  }

  override close(): void {
    lacks(this.profile, "close");
  }

  override message(fn: () => void): void {
    this.#messages.push(this.callback(fn, "message"));
  }

  override animationFrame(fn: () => void): void {
    this.#frames.push(this.callback(fn, "animationFrame"));
  }

  protected override delayOf(ms: number): number {
    if (ms >= 1 && ms <= 2 ** 31 - 1) return Math.trunc(ms);
    return this.#shortest ??= this.profile.shortestDelay + this.decisions.choose(2);
  }

  override runLoop(): void {
    do {
      this.visit(`${this.#shortest}`, []);
    } while (this.#step());
  }

  /** One task, chosen among the sources that can have one; answers false when there is none. */
  #step(): boolean {
    const messages = this.#messages.length;
    const operations = this.operations.length;
    const frame = this.#frames.length > 0 ? 1 : 0;
    this.readClock();
    const timers = this.timers.candidates(now).filter(({ list }) => list !== undefined);
    const choices = messages + operations + frame + timers.length;
    if (choices === 0) return false;
    let choice = this.decisions.choose(choices);
    if (choice < timers.length) {
      const { list, bounds } = timers[choice]!;
      this.zone.assume(bounds);
      this.timers.drop(list!);
      this.call(this.timers.shift(list!).fn);
      this.#nesting = 0;
      this.drain();
      return true;
    }
    choice -= timers.length;
    if (choice < messages) this.#run(this.#messages.splice(choice, 1)[0]!);
    else if (choice < messages + operations) this.#run(this.operations.splice(choice - messages, 1)[0]!);
    else for (const fn of this.#frames.splice(0)) this.#run(fn);
    return true;
  }

  #run(fn: () => void): void {
    this.call(fn);
    this.drain();
  }
}
