/**
 * Takes messages from one consumer, as many as there is room for.
 *
 * What is asked for is never more than the room that is there, less what was asked for before. Several pullers may share one room, and
 * another one may fill it meanwhile: what then comes is held here until there is room again, and the server is told that it is alive. So
 * no more is held than `room()` was when it was asked for, and `deliver` is never called without room.
 *
 * ```
 *   fill ──ask──> asked ──message, with room──> deliver
 *     ▲             │  └──message, without──> held ──more──> deliver
 *     │             ├──the request has expired──> fill
 *     └─────────────┴──gone, lost, or nothing heard──> recover ──> fill
 * ```
 *
 * @module
 */

import { guarded, type NatsMessage, type NatsSubscription } from "./connection.ts";
import type { Link } from "./link.ts";
import { every, pause } from "./pause.ts";
import { Pulled, readPlace } from "./pulled.ts";
import type { PoolStreams } from "./streams.ts";

/** How long a request lies at the server, in ms. */
const expires = 30_000;

/** How often the server says that a request still lies there, in ms; after two that have not come it is asked anew. */
const heartbeat = 5000;

/** How long it is until a consumer that cannot be asked is asked again. */
const recoverPause = 250;

/** What a puller takes from, and whom it gives to. */
export interface PullerOptions {
  readonly stream: string;
  readonly consumer: string;
  readonly room: () => number;
  readonly deliver: (pulled: Pulled) => void;
}

/** Takes messages from a consumer. */
export class Puller {
  readonly #link: Link;
  readonly #streams: PoolStreams;
  readonly #options: PullerOptions;
  readonly #deliver: (pulled: Pulled) => void;
  readonly #inbox: string;
  readonly #subscription: NatsSubscription;
  readonly #restore: () => Promise<void>;
  readonly #stop: () => void;
  readonly #endWatch: () => void;
  #endBeats: (() => void) | undefined;
  readonly #held: Pulled[] = [];
  /**
   * How many messages the requests that lie at the server may still bring. A message does not tell which of them it answers; what the
   * server says of one that ended comes with the number of those it did not bring.
   */
  #asked = 0;
  /** The requests of before a loss count no more, whatever is still said of them. */
  #generation = 0;
  #isHeard = true;
  #isRecovering = false;
  #isStarted = false;
  #isClosed = false;

  constructor(link: Link, streams: PoolStreams, options: PullerOptions) {
    this.#link = link;
    this.#streams = streams;
    this.#options = options;
    this.#deliver = guarded(options.deliver);
    this.#inbox = `${link.inbox}.p.${crypto.randomUUID()}`;
    const callback = guarded((error: Error | null, message: NatsMessage) => {
      if (error === null) this.#received(message);
    });
    this.#subscription = link.connection.subscribe(`${this.#inbox}.*`, { callback });
    this.#stop = () => this.#forget();
    this.#restore = async () => {
      await streams.restore();
      this.#forget();
      this.more();
    };
    link.stoppers.add(this.#stop);
    link.restorers.add(this.#restore);
    this.#endWatch = every(2 * heartbeat, () => this.#watch());
  }

  /** Begins to ask. What comes first comes in a later turn, so that whoever called has the puller by then. */
  start(): void {
    this.#isStarted = true;
    this.#fill();
  }

  /** There may be more room than before. */
  more(): void {
    const { room } = this.#options;
    const deliver = this.#deliver;
    while (this.#held.length > 0 && room() > 0) deliver(this.#held.shift()!);
    if (this.#held.length === 0) {
      this.#endBeats?.();
      this.#endBeats = undefined;
    }
    this.#fill();
  }

  #fill(): void {
    if (!this.#isStarted || this.#isClosed || this.#isRecovering || !this.#link.isConnected || this.#link.isOver) {
      return;
    }
    const batch = this.#options.room() - this.#held.length - this.#asked;
    // Each request takes a place at the server: with one for each slot that is free, many workers would fill all of them.
    if (batch <= 0 || batch < this.#asked) return;
    this.#asked += batch;
    const { stream, consumer } = this.#options;
    const request = { batch, expires: expires * 1e6, idle_heartbeat: heartbeat * 1e6 };
    this.#link.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), {
      reply: `${this.#inbox}.${this.#generation}`,
    });
  }

  #forget(): void {
    this.#asked = 0;
    this.#generation++;
  }

  #received(message: NatsMessage): void {
    this.#isHeard = true;
    const place = readPlace(message.reply);
    if (place !== undefined) this.#delivered(message, place);
    else this.#told(message);
  }

  #delivered(message: NatsMessage, place: { readonly sequence: number; readonly attempt: number }): void {
    this.#asked = Math.max(0, this.#asked - 1);
    const streams = this.#streams;
    const { incarnation } = streams;
    const pulled = new Pulled(this.#link, message, place, () => streams.incarnation !== incarnation);
    if (this.#isClosed) return pulled.nak(0);
    this.#held.push(pulled);
    this.#endBeats ??= every(streams.settings.ackWait / 3, () => this.#held.forEach((held) => held.working()));
    this.more();
  }

  /** The server says something of a request. */
  #told({ subject, headers }: NatsMessage): void {
    const code = headers?.code;
    if (code === 100 || code === undefined || this.#isClosed) return;
    if (subject !== `${this.#inbox}.${this.#generation}`) return;
    this.#asked = Math.max(0, this.#asked - (Number(headers!.get("Nats-Pending-Messages")) || this.#asked));
    // 404 and 408 are ordinary ends; at any other the consumer may have gone, or cannot be asked at the moment.
    if (code === 404 || code === 408) this.#fill();
    else void this.#recover();
  }

  async #recover(): Promise<void> {
    if (this.#isRecovering) return;
    this.#isRecovering = true;
    await pause(recoverPause);
    await this.#streams.restore();
    this.#isRecovering = false;
    this.#forget();
    this.more();
  }

  /** A request that was lost at the server would be waited for until for ever. */
  #watch(): void {
    if (!this.#isHeard && this.#asked > 0) void this.#recover();
    this.#isHeard = false;
  }

  /** Takes no more, and gives back what is held. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#endBeats?.();
    this.#endWatch();
    this.#link.stoppers.delete(this.#stop);
    this.#link.restorers.delete(this.#restore);
    for (const held of this.#held.splice(0)) held.nak(0);
    if (this.#link.isOver) return;
    // Until the server knows, more may come: that is given back as it comes.
    if (this.#link.isConnected) await this.#subscription.drain().catch(() => {});
    else this.#subscription.unsubscribe();
  }
}
