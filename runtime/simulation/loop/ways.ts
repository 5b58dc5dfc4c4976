/**
 * The ways in which things may go in a simulated world, where that is no question of order: decisions between options.
 *
 * @module
 */

import type { CutPlaces } from "../../basics/cut_places.ts";
import { latenesses } from "./lateness.ts";
import type { Choose, Option } from "./loop_event.ts";
import type { VirtualTimer } from "./virtual_timers.ts";

/** Asks the schedule which way things go in one run. */
export class Ways {
  /** Was a chunk so long that it was not to be cut at every place? */
  leftOut = false;
  /** Has a timer fired while something else was due later? */
  mayBeLate = false;
  readonly #choose: Choose;
  readonly #late: boolean;
  readonly #nextId: () => number;
  #lastLateId = 0;
  /** How often each thing could go wrong, and did. */
  #faults: Map<string, { asked: number; happened: number }> | undefined;

  /** How often each decision between other ways was asked for. */
  #asked: Map<string, number> | undefined;

  /** `late`: may timers fire late? `nextId` gives a decision the number that an event would have. */
  constructor(choose: Choose, late: boolean, nextId: () => number) {
    this.#choose = choose;
    this.#late = late;
    this.#nextId = nextId;
  }

  /** Does `wrong` happen in the place of `right`? At most so many times in all; in order of arrival it does not. */
  fault(right: string, wrong: string, atMost: number = Infinity): boolean {
    const id = this.#nextId();
    const faults = this.#faults ??= new Map();
    let fault = faults.get(wrong);
    if (fault === undefined) faults.set(wrong, fault = { asked: 0, happened: 0 });
    const which = ++fault.asked > 1 ? ` (number ${fault.asked})` : "";
    if (fault.happened >= atMost) return false;
    const happens = this.#optionOf(id, right, [`${JSON.stringify(wrong)}${which} happens`]) === 1;
    if (happens) fault.happened++;
    return happens;
  }

  /** Does something else come about than the rule, which is called `label`? It is told in words, numbered where they are the same again. */
  departs(label: string, told: string): boolean {
    const asked = this.#asked ??= new Map<string, number>();
    const number = (asked.get(told) ?? 0) + 1;
    asked.set(told, number);
    return this.#optionOf(this.#nextId(), label, [number > 1 ? `${told} (number ${number})` : told]) === 1;
  }

  /** Which of several other ways, told in words, do things go in the place of `label`? 0 for that, as in order of arrival; or its number, from 1. */
  among(label: string, others: readonly string[]): number {
    return this.#optionOf(this.#nextId(), label, others);
  }

  /** After how many bytes of `label` a cut is made; 0 where none is, as in order of arrival. */
  cut(label: string, { places, all }: CutPlaces): number {
    const id = this.#nextId();
    if (!all) this.leftOut = true;
    if (places.length === 0) return 0;
    const told = places.map((at) =>
      `the first ${at === 1 ? "" : `${at} `}of the ${label} come${at === 1 ? "s" : ""} alone`
    );
    return [0, ...places][this.#optionOf(id, label, told)]!;
  }

  /** By how many ms a timer is late that fires `now`, while other things are due at these `times`. */
  lateness({ delay, label }: VirtualTimer, now: number, times: () => readonly number[]): number {
    this.mayBeLate = true;
    if (!this.#late) return 0;
    const late = latenesses(delay, now, times());
    if (late.length === 0) return 0;
    const told = late.map((ms) => `the timer of ${delay} ms fires ${ms} ms late, at ${now + ms} ms`);
    // Numbers of their own, so that events have the same with late timers and without.
    return [0, ...late][this.#optionOf(--this.#lastLateId, `the lateness of ${label}`, told)]!;
  }

  /** Lets the schedule decide between what happens as a rule, 0, and others that are told in words. */
  #optionOf(id: number, label: string, others: readonly string[]): number {
    const option = (told: string): Option => ({ id, label, kind: "option", chain: 0, fn() {}, told });
    return this.#choose([option(label), ...others.map(option)]);
  }
}
