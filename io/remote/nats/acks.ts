/**
 * The acknowledgements of one consumer.
 *
 * Its server takes those of a connection in order, so that its answer to one says that all before have come: one at a time asks for an
 * answer, and those of meanwhile are sent without.
 *
 * @module
 */

import { reportUnhandled } from "../../../scheduler/scopes/unhandled.ts";
import type { Link } from "./link.ts";

/** For how many ms the answer to an acknowledgement is waited for; then each asks for itself. */
const answerTime = 2000;

/** What is acknowledged. */
export interface Acknowledged {
  /** Where that is said. */
  readonly place: string;
  /** Has its stream gone since? */
  readonly isStale: boolean;
  /** Acknowledges it by itself, until that is known to be so. */
  ackAlone(): Promise<void>;
}

/** An acknowledgement, and who waits until it is known. */
interface Ack {
  readonly pulled: Acknowledged;
  resolve(value: void | Promise<void>): void;
}

/** Acknowledges what one consumer has delivered. */
export class Acks {
  readonly #link: Link;
  /** Those that were sent after the one that is asked of. */
  #later: Ack[] = [];
  #isAsking = false;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Acknowledges a message; resolves when that is known to be so. */
  ack(pulled: Acknowledged): Promise<void> {
    return new Promise((resolve) => {
      if (pulled.isStale) return resolve();
      const ack: Ack = { pulled, resolve };
      if (this.#link.isOver || !this.#link.isConnected) return resolve(pulled.ackAlone());
      if (!this.#isAsking) return void this.#ask([ack]).catch(reportUnhandled);
      this.#later.push(ack);
      this.#link.connection.publish(pulled.place, "+ACK");
    });
  }

  /** Asks whether the last of these has come, then of those that were sent meanwhile. */
  async #ask(first: readonly Ack[]): Promise<void> {
    this.#isAsking = true;
    for (let acks = first; acks.length > 0;) {
      const subject = acks.at(-1)!.pulled.place;
      try {
        await this.#link.requests.ask(subject, "+ACK", { timeout: answerTime, isRepeated: true });
        for (const { resolve } of acks) resolve();
      } catch {
        // They may be lost, those of meanwhile too, or have come and their answer be lost: an acknowledgement may be sent twice.
        for (const { pulled, resolve } of [...acks, ...this.#later.splice(0)]) resolve(pulled.ackAlone());
      }
      acks = this.#later;
      this.#later = [];
    }
    this.#isAsking = false;
  }
}
