/**
 * A message that was delivered by a consumer of JetStream, and what may be said of it.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import { type Delivery, type Headers, NoResponderError } from "../engine/engine.ts";
import type { Acknowledged, Acks } from "./acks.ts";
import { type NatsMessage, plainBytes } from "./connection.ts";
import { fromNatsHeaders, idOf } from "./headers.ts";
import type { Link } from "./link.ts";
import { readSubject } from "./names.ts";

/** For how many ms an acknowledgement is tried. */
const ackDeadline = 30_000;

/** After how many ms it is looked before an acknowledgement whether the stream is the same still, and for how long that is tried. */
const long = 1000;
const seeDeadline = 5000;

/** What delivers messages. */
export interface PulledSource {
  readonly link: Link;
  readonly acks: Acks;
  readonly streams: { readonly incarnation: string; see(deadline: number): Promise<void> };
}

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

/** A delivered message; what of it is not asked for is not read. */
export class Pulled implements Delivery, Acknowledged {
  readonly message: NatsMessage;
  readonly sequence: number;
  readonly attempt: number;
  readonly #source: PulledSource;
  readonly #incarnation: string;
  readonly #came: number = loop().host.now();

  constructor(source: PulledSource, message: NatsMessage, { sequence, attempt }: Place) {
    this.#source = source;
    this.#incarnation = source.streams.incarnation;
    this.message = message;
    this.sequence = sequence;
    this.attempt = attempt;
  }

  get id(): string {
    return idOf(this.message.headers);
  }

  get name(): string {
    return readSubject(this.message.subject)?.name ?? "";
  }

  get headers(): Headers {
    return fromNatsHeaders(this.message.headers);
  }

  get body(): Uint8Array {
    return plainBytes(this.message.data);
  }

  get place(): string {
    return this.message.reply!;
  }

  /** Has its stream gone since? Its place in the queue may be another job's. */
  get isStale(): boolean {
    return this.#source.streams.incarnation !== this.#incarnation;
  }

  async ack(): Promise<void> {
    // Somebody may have deleted the stream meanwhile, and another one made it: nobody has told whoever asks for nothing while it is busy.
    if (loop().host.now() - this.#came > long) await this.#source.streams.see(seeDeadline).catch(() => {});
    await this.#source.acks.ack(this);
  }

  async ackAlone(): Promise<void> {
    const { requests } = this.#source.link;
    const subject = this.place;
    await this.#source.link.persist("The acknowledgement of a job", ackDeadline, async (timeout) => {
      if (this.isStale) return;
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
    if (this.#source.link.isOver || !this.#source.link.isConnected || this.isStale) return;
    this.#source.link.connection.publish(this.place, what);
  }
}
