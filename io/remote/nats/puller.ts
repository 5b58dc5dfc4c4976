/**
 * Takes messages from one consumer, as many as there is room for.
 *
 * What is asked for is never more than the room that is there. Several pullers may share one room, and another one may fill it meanwhile:
 * what then comes is held here until there is room again, and the server is told that it is alive. So no more is held than `room()` was
 * when it was asked for, and `deliver` is never called without room. What was asked for is taken back when there has been no room for a
 * while: a job that comes by then may have somebody else who is free.
 *
 * A request waits until there is something, brings all there is at that moment, and ends (`no_wait` with `expires`): one that waited for
 * the rest would bring later what others have room for and this one perhaps has not. While much is queued a request brings many jobs, and
 * what is said of them goes in few packets: most of what a call costs is the packets.
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

import { loop } from "../../../scheduler/queue/loop.ts";
import { Acks } from "./acks.ts";
import type { NatsMessage, NatsSubscription } from "./connection.ts";
import type { InLine, Line } from "./line.ts";
import type { Link } from "./link.ts";
import { guarded } from "../engine/guarded.ts";
import { bounded, closeTime, every, pause } from "../engine/pause.ts";
import { type Place, Pulled, type PulledSource, readPlace } from "./pulled.ts";
import type { PoolStreams } from "./streams.ts";

/** How long a request lies at the server, in ms. */
const expires = 30_000;

/** How often the server says that a request still lies there, in ms; after two that have not come it is asked anew. */
const heartbeat = 5000;

/** How long it is until a consumer that cannot be asked is asked again. */
const recoverPause = 250;

/** For how many ms jobs that were asked for are waited for by those that are less urgent: somebody else may have taken them. */
const patience = 50;

/** For how many ms there is no room until what was asked for is taken back. */
const fullTime = 50;

/** What a puller takes from, and whom it gives to. */
export interface PullerOptions {
  readonly stream: string;
  readonly consumer: string;
  /** With whom it shares the room, and how urgent its jobs are. */
  readonly line: Line;
  readonly rank: number;
  readonly room: () => number;
  readonly deliver: (pulled: Pulled) => void;
}

/** Takes messages from a consumer. */
export class Puller implements InLine {
  readonly rank: number;
  readonly #link: Link;
  readonly #streams: PoolStreams;
  readonly #options: PullerOptions;
  readonly #deliver: (pulled: Pulled) => void;
  readonly #inbox: string;
  /** Which life of the subscription it is: with it ends what was asked for. */
  #life = 0;
  #subscription: NatsSubscription | undefined;
  readonly #restore: () => Promise<void>;
  readonly #stop: () => void;
  readonly #endWatch: () => void;
  #endBeats: (() => void) | undefined;
  readonly #held: Pulled[] = [];
  readonly #source: PulledSource;
  /** How many messages the request that lies at the server may still bring; there is one at a time. */
  #asked = 0;
  /** The requests of before a loss count no more, whatever is still said of them. */
  #generation = 0;
  /** When it asked last, and how many more there were behind the last message; `undefined` where nothing has been heard of that. */
  #askedAt = 0;
  #pending: number | undefined;
  /** Since when others go before; when it looks again whether they do, and when it looks whether it is full still. */
  #behindSince: number | undefined;
  #again: { cancel(): void } | undefined;
  #whenFull: { cancel(): void } | undefined;
  #isHeard = true;
  #isRecovering = false;
  #isStarted = false;
  #isClosed = false;

  constructor(link: Link, streams: PoolStreams, options: PullerOptions) {
    this.#link = link;
    this.#streams = streams;
    this.#options = options;
    this.#source = { link, streams, acks: new Acks(link) };
    this.#deliver = guarded(options.deliver);
    this.rank = options.rank;
    this.#inbox = `${link.inbox}.p.${crypto.randomUUID()}`;
    this.#subscribe();
    options.line.add(this);
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

  #subscribe(): void {
    const life = ++this.#life;
    const callback = guarded((error: Error | null, message: NatsMessage) => {
      if (error === null) this.#received(message, life);
    });
    this.#subscription = this.#link.connection.subscribe(`${this.#inbox}.${life}.*`, { callback });
  }

  get #reply(): string {
    return `${this.#inbox}.${this.#life}.${this.#generation}`;
  }

  get coming(): number {
    const isNear = this.#asked > 0 && this.#pending !== 0 && loop().host.now() < this.#askedAt + patience;
    return this.#held.length + (isNear ? Math.min(this.#asked, this.#pending ?? this.#asked) : 0);
  }

  get isBehind(): boolean {
    return this.#again !== undefined;
  }

  get isOverdue(): boolean {
    return this.#held.length > 0 && this.#isLate;
  }

  get #isLate(): boolean {
    return this.#behindSince !== undefined && loop().host.now() - this.#behindSince >= loop().queue.ageing;
  }

  /** How much of the room it may have; it looks again where others go before. */
  #roomOf(isAsking: boolean): number {
    const room = this.#options.room();
    if (room <= 0) return room;
    const own = room - this.#options.line.before(this);
    if (own > 0 || (isAsking && this.#isLate)) return Math.max(1, own);
    this.#behindSince ??= loop().host.now();
    this.#again ??= loop().timers.setTimer(
      () => {
        this.#again = undefined;
        this.more();
      },
      patience,
      { hold: false, real: true },
    );
    return 0;
  }

  /** There may be more room than before. */
  more(): void {
    const deliver = this.#deliver;
    while (this.#held.length > 0 && this.#roomOf(false) > 0) {
      const pulled = this.#held.shift()!;
      this.#behindSince = this.#held.length > 0 ? loop().host.now() : undefined;
      deliver(pulled);
    }
    if (this.#held.length > 0) {
      this.#behindSince ??= loop().host.now();
    } else {
      this.#endBeats?.();
      this.#endBeats = undefined;
    }
    this.#fill();
  }

  #fill(): void {
    if (!this.#isStarted || this.#isClosed || this.#isRecovering || !this.#link.isConnected || this.#link.isOver) {
      return;
    }
    // Each request takes a place at the server: with one for each slot that is free, many workers would fill all of them.
    if (this.#asked > 0) return;
    const taken = this.#held.length;
    const batch = this.#options.room() > taken ? this.#roomOf(true) - taken : 0;
    if (batch <= 0) return;
    if (!this.#isLate) this.#behindSince = undefined;
    this.#asked = batch;
    this.#askedAt = loop().host.now();
    if (this.#subscription === undefined) this.#subscribe();
    const { stream, consumer } = this.#options;
    // What is known of nothing says at once whether there is something: those that are less urgent wait for that.
    const waits = { expires: expires * 1e6, idle_heartbeat: heartbeat * 1e6 };
    const request = { batch, no_wait: true, ...this.#pending !== undefined && waits };
    this.#link.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), {
      reply: this.#reply,
    });
  }

  full(): void {
    if (this.#asked === 0 || this.#isClosed) return;
    this.#whenFull ??= loop().timers.setTimer(
      () => {
        this.#whenFull = undefined;
        if (this.#options.room() <= 0 && this.#asked > 0 && !this.#isClosed) this.#takeBack();
      },
      fullTime,
      { hold: false, real: true },
    );
  }

  /** The server drops requests whose answers nobody would hear. What is on its way by now still comes. */
  #takeBack(): void {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    this.#forget();
    if (this.#link.isConnected) subscription?.drain().catch(() => {});
    else subscription?.unsubscribe();
  }

  #forget(): void {
    this.#asked = 0;
    this.#pending = undefined;
    this.#generation++;
  }

  #received(message: NatsMessage, life: number): void {
    this.#isHeard = true;
    const place = readPlace(message.reply);
    if (place === undefined) return this.#told(message);
    if (life === this.#life) {
      this.#asked = Math.max(0, this.#asked - 1);
      this.#pending = place.pending;
    }
    this.#delivered(message, place);
    this.#options.line.moved(this);
  }

  #delivered(message: NatsMessage, place: Place): void {
    const pulled = new Pulled(this.#source, message, place);
    if (this.#isClosed) return pulled.nak(0);
    if (this.#held.length === 0 && this.#roomOf(false) > 0) {
      // A timer for each message would be dearer than the rest of this.
      this.#deliver(pulled);
      this.#fill();
    } else {
      this.#held.push(pulled);
      this.#endBeats ??= every(this.#streams.settings.ackWait / 3, () => this.#held.forEach((held) => held.working()));
      this.more();
    }
    if (this.#options.room() <= 0) this.#options.line.full();
  }

  /** The server says something of a request. */
  #told({ subject, headers }: NatsMessage): void {
    const code = headers?.code;
    if (code === 100 || code === undefined || this.#isClosed) return;
    if (subject !== this.#reply) return;
    this.#pending = 0;
    this.#asked = 0;
    // 404 and 408 are ordinary ends; at any other the consumer may have gone, or cannot be asked at the moment.
    if (code !== 404 && code !== 408) return void this.#recover();
    this.#fill();
    this.#options.line.moved(this);
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
    this.#again?.cancel();
    this.#whenFull?.cancel();
    this.#options.line.delete(this);
    this.#link.stoppers.delete(this.#stop);
    this.#link.restorers.delete(this.#restore);
    for (const held of this.#held.splice(0)) held.nak(0);
    if (this.#link.isOver) return;
    // Until the server knows, more may come: that is given back as it comes.
    if (this.#link.isConnected) await bounded(Promise.resolve(this.#subscription?.drain()), closeTime);
    else this.#subscription?.unsubscribe();
  }
}
