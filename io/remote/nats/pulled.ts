/**
 * A message that was delivered by a consumer of JetStream, and what may be said of it.
 *
 * @module
 */

import { NoResponderError } from "../engine/engine.ts";
import type { NatsMessage } from "./connection.ts";
import type { Link } from "./link.ts";

/** For how many ms an acknowledgement is tried. */
const ackDeadline = 30_000;

/** What the subject of an answer tells of a message. */
export interface Place {
  readonly sequence: number;
  readonly attempt: number;
  /** How many more the consumer had to give at that moment. */
  readonly pending: number;
}

/** Reads `$JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE.…`, which newer servers begin with a domain and an account. */
export function readPlace(reply: string | undefined): Place | undefined {
  const parts = reply?.split(".") ?? [];
  if (parts[0] !== "$JS" || parts[1] !== "ACK") return undefined;
  const at = parts.length === 9 ? 4 : 6;
  const attempt = Number(parts[at]);
  const sequence = Number(parts[at + 1]);
  const pending = Number(parts[at + 4]) || 0;
  return Number.isSafeInteger(attempt) && Number.isSafeInteger(sequence) ? { sequence, attempt, pending } : undefined;
}

/** A delivered message. */
export class Pulled {
  readonly message: NatsMessage;
  readonly sequence: number;
  readonly attempt: number;
  readonly #link: Link;
  readonly #isStale: () => boolean;

  /** `isStale` tells whether its stream has gone since: its place in the queue may be another job's. */
  constructor(link: Link, message: NatsMessage, { sequence, attempt }: Place, isStale: () => boolean) {
    this.#link = link;
    this.#isStale = isStale;
    this.message = message;
    this.sequence = sequence;
    this.attempt = attempt;
  }

  async ack(): Promise<void> {
    const { requests } = this.#link;
    const subject = this.message.reply!;
    await this.#link.persist("The acknowledgement of a job", ackDeadline, async (timeout) => {
      if (this.#isStale()) return;
      try {
        await requests.ask(subject, "+ACK", { timeout, isRepeated: true });
      } catch (error) {
        // The consumer is not there, and with it the job is gone.
        if (!(error instanceof NoResponderError)) throw error;
      }
    });
  }

  nak(delay: number): void {
    this.#say(delay > 0 ? `-NAK ${JSON.stringify({ delay: Math.round(delay * 1e6) })}` : "-NAK");
  }

  working(): void {
    this.#say("+WPI");
  }

  /** Without a reason: servers before 2.11 take no notice of one that has it, and deliver the job again. */
  term(): void {
    this.#say("+TERM");
  }

  /** What is lost with the connection is made up for by the server, which has not heard of the job for so long. */
  #say(what: string): void {
    if (this.#link.isOver || !this.#link.isConnected || this.#isStale()) return;
    this.#link.connection.publish(this.message.reply!, what);
  }
}
