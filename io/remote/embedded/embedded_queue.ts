/**
 * The queues of one pool, as one connection to an embedded engine has them.
 *
 * @module
 */

import { buggify } from "../../../runtime/basics/buggify.ts";
import { checkFunction, show } from "../../../runtime/basics/check.ts";
import { reportUnhandled } from "../../../scheduler/scopes/unhandled.ts";
import {
  type Delivery,
  type Headers,
  type JobMessage,
  type JobPriority,
  type JobQueue,
  priorities,
  type QueueSettings,
} from "../engine/engine.ts";
import { guarded } from "../engine/guarded.ts";
import { checkFunctionName } from "../engine/names.ts";
import type { ConsumerRoom, Delivered, Standing } from "./ask.ts";
import type { Connection } from "./connection.ts";
import { checkSize } from "./limits.ts";

/** After how long a lost acknowledgement is found to be one, in ms. */
const ackTimeout = 2000;

/** The queues of a pool. */
export class EmbeddedQueue implements JobQueue {
  readonly settings: QueueSettings;
  readonly dead: JobQueue["dead"];
  readonly #connection: Connection;
  readonly #pool: string;
  /** Those that take jobs, who may share one room. */
  readonly #consumers: Set<Consumer> = new Set();

  constructor(connection: Connection, pool: string, settings: QueueSettings) {
    this.#connection = connection;
    this.#pool = pool;
    this.settings = settings;
    this.dead = {
      add: async (job) => {
        checkJob(job);
        await connection.ask({ op: "bury", pool, job });
      },
      list: (limit) => connection.ask({ op: "dead", pool, limit }),
      remove: (sequence) => connection.ask({ op: "unbury", pool, sequence }),
    };
  }

  /** One: what is stored here goes only with all who use it. */
  life(): Promise<string> {
    return Promise.resolve("");
  }

  async publish(job: JobMessage): Promise<{ readonly isDuplicate: boolean; readonly sequence: number }> {
    checkJob(job);
    return await this.#connection.ask({ op: "publish", pool: this.#pool, job });
  }

  remove(sequence: number): Promise<boolean> {
    return this.#connection.ask({ op: "remove", pool: this.#pool, sequence });
  }

  look(sequence: number): Promise<JobMessage | undefined> {
    return this.#connection.ask({ op: "look", pool: this.#pool, sequence });
  }

  async consume(
    priority: JobPriority,
    room: () => number,
    deliver: (delivery: Delivery) => void,
  ): Promise<{ more(): void; close(): Promise<void> }> {
    checkFunction(room, "Room");
    checkFunction(deliver, "What takes deliveries");
    const options = { priority, room, deliver: guarded(deliver) };
    const consumer = new Consumer(this.#connection, this.#pool, options, this.#consumers);
    await consumer.open();
    return consumer;
  }

  async onExhausted(
    told: (job: { readonly sequence: number; readonly attempts: number }) => void | Promise<void>,
  ): Promise<() => void> {
    checkFunction(told, "Who is told of exhausted jobs");
    let isOn = true;
    const { leave } = await this.#connection.stand({
      ask: (id) => ({ op: "exhausted", id, pool: this.#pool }),
      told: (each) => {
        if (!isOn || !("exhausted" in each)) return;
        const { exhausted } = each;
        void (async () => await told(exhausted))().catch(reportUnhandled);
      },
    });
    return () => {
      isOn = false;
      void leave();
    };
  }

  counts(): Promise<{ readonly queued: number; readonly delivered: number }> {
    return this.#connection.ask({ op: "counts", pool: this.#pool });
  }
}

/** Who takes jobs, and how it takes them. */
interface ConsumerOptions {
  readonly priority: JobPriority;
  readonly room: () => number;
  readonly deliver: (delivery: Delivery) => void;
}

/**
 * Takes jobs of one priority. The broker knows how many it takes from its beginning on. What comes when another consumer has filled the room
 * is refused, which does not count as a delivery.
 */
class Consumer {
  readonly #connection: Connection;
  readonly #pool: string;
  readonly #options: ConsumerOptions;
  #standing: { readonly id: number; leave(): Promise<void> } | undefined = undefined;
  /** How many have come since the broker was found, and how many it may send. */
  #came = 0;
  #most = 0;
  #isClosed = false;
  readonly #all: Set<Consumer>;

  constructor(connection: Connection, pool: string, options: ConsumerOptions, all: Set<Consumer>) {
    this.#all = all;
    this.#connection = connection;
    this.#pool = pool;
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#all.add(this);
    this.#standing = await this.#connection.stand({
      ask: (id) => this.#ask(id),
      told: (told) => "delivered" in told && this.#take(told.delivered),
    });
  }

  more(): void {
    const rooms = [...this.#all].flatMap((consumer) => consumer.#news());
    if (rooms.length > 0) this.#connection.say({ op: "room", pool: this.#pool, rooms });
  }

  /** How many it takes, if that is not what the broker knows. */
  #news(): ConsumerRoom[] {
    const most = this.#came + this.#room;
    if (most === this.#most || this.#standing === undefined) return [];
    this.#most = most;
    return [{ id: this.#standing.id, most }];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#all.delete(this);
    await this.#standing?.leave();
  }

  get #room(): number {
    return this.#isClosed ? 0 : Math.max(0, this.#options.room());
  }

  #ask(id: number): Standing {
    this.#came = 0;
    this.#most = this.#room;
    return { op: "consume", id, pool: this.#pool, priority: this.#options.priority, most: this.#most };
  }

  #take(delivered: Delivered): void {
    this.#came++;
    const { sequence, attempt } = delivered;
    const pool = this.#pool;
    if (this.#room > 0) {
      this.#options.deliver(new EmbeddedDelivery(this.#connection, pool, delivered));
      if (buggify("a job is delivered twice")) this.#connection.say({ op: "nak", pool, sequence, delay: 0 });
    } else {
      this.#connection.say({ op: "refuse", pool, sequence, attempt });
    }
    this.more();
  }
}

/** A job that was delivered. What is said of it by a connection that has ended is not heard. */
class EmbeddedDelivery implements Delivery {
  readonly id: string;
  readonly name: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly attempt: number;
  readonly sequence: number;
  readonly #connection: Connection;
  readonly #pool: string;

  constructor(connection: Connection, pool: string, { message, sequence, attempt }: Delivered) {
    this.id = message.id;
    this.name = message.name;
    this.headers = message.headers;
    this.body = message.body;
    this.attempt = attempt;
    this.sequence = sequence;
    this.#connection = connection;
    this.#pool = pool;
  }

  async ack(): Promise<void> {
    if (buggify("an acknowledgement is lost")) return await this.#connection.silence(ackTimeout);
    await this.#connection.ask({ op: "remove", pool: this.#pool, sequence: this.sequence });
  }

  nak(delay: number): void {
    this.#connection.say({ op: "nak", pool: this.#pool, sequence: this.sequence, delay });
  }

  working(): void {
    this.#connection.say({ op: "working", pool: this.#pool, sequence: this.sequence });
  }

  term(): void {
    this.#connection.say({ op: "remove", pool: this.#pool, sequence: this.sequence });
  }
}

function checkJob({ id, name, priority, headers, body }: JobMessage): void {
  checkFunctionName(name);
  if (typeof id !== "string" || id === "") throw new TypeError(`A job has an id: received ${show(id)}`);
  if (!priorities.includes(priority)) throw new TypeError(`A job has no priority ${show(priority)}`);
  checkSize(body, headers);
}
