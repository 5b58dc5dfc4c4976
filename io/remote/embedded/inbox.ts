/**
 * What comes to one end of a connection, in order, each in a turn of its own.
 *
 * @module
 */

import { buggify } from "../../../runtime/basics/buggify.ts";
import { Entry } from "../../../scheduler/queue/entry.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { within } from "../../../scheduler/scopes/current_scope.ts";
import { laneOf } from "../../../scheduler/queue/priority.ts";

/** How long a connection that stalls in a simulation stands still, in ms. */
const stall = 20;

/** The inbox of a connection. */
export class Inbox extends Entry {
  readonly #things: (() => void)[] = [];
  #isAsked = false;
  #isClosed = false;
  #stalling: { cancel(): void } | undefined = undefined;

  override describe(): string {
    return "a message of an embedded engine";
  }

  /** Has something done in a turn to come; never once the inbox has been closed. */
  add(thing: () => void): void {
    if (this.#isClosed) return;
    this.#things.push(thing);
    this.#ask();
  }

  close(): void {
    this.#isClosed = true;
    this.#things.length = 0;
    this.#stalling?.cancel();
    if (this.list !== undefined) loop().queue.remove(this);
  }

  override run(): void {
    this.#isAsked = false;
    const thing = this.#things.shift();
    if (thing === undefined) return;
    if (this.#things.length > 0) this.#ask();
    // Outside of any scope: whoever made the turn necessary has nothing to do with it.
    within(undefined, thing, undefined);
  }

  #ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    if (buggify("a connection of an embedded engine stalls")) {
      this.#stalling = loop().timers.setTimer(() => this.#enqueue(), stall, { real: true });
    } else this.#enqueue();
  }

  #enqueue(): void {
    if (!this.#isClosed) loop().queue.enqueue(this, laneOf("user-visible"));
  }
}
