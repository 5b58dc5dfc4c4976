/**
 * An engine in this process, for development and tests: all of one name find one another. It also runs in simulations, where lost
 * answers, lost acknowledgements, jobs that come twice and connections that stall are choices of the schedule.
 *
 * @module
 */

import { buggify } from "../../../runtime/basics/buggify.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { TimeoutError } from "../../../scheduler/scopes/errors.ts";
import { onAbort } from "../../../scheduler/scopes/foreign_signal.ts";
import {
  type Delivery,
  type Engine,
  type Headers,
  type JobMessage,
  type JobPriority,
  type JobQueue,
  type Message,
  NoResponderError,
  type QueueSettings,
} from "../engine/engine.ts";
import { type Broker, brokerOf, type Parcel } from "./broker.ts";
import { Inbox } from "./inbox.ts";
import type { StoredJob, StoredQueue } from "./stored_queue.ts";

/** The most bytes of a message: those of a NATS server that nobody has told otherwise. */
const maxBytes = 1 << 20;

/** After how long a lost acknowledgement is found to be one, in ms. */
const ackTimeout = 2000;

/** One connection to the engine of a name. */
export class EmbeddedEngine implements Engine {
  readonly maxBytes: number = maxBytes;
  readonly state: { readonly reconnects: number; readonly isConnected: boolean };
  readonly #broker: Broker;
  readonly #inbox: Inbox = new Inbox();
  readonly #leaves: Set<() => void> = new Set();
  #isOpen = true;

  constructor(name: string) {
    this.#broker = brokerOf(name);
    this.#broker.join();
    const isOpen = (): boolean => this.#isOpen;
    this.state = {
      reconnects: 0,
      get isConnected(): boolean {
        return isOpen();
      },
    };
  }

  queue(pool: string, settings: QueueSettings): Promise<JobQueue> {
    const queue = this.#broker.queue(pool, settings);
    return this.#answer(() => new EmbeddedQueue(queue, this));
  }

  send(subject: string, body: Uint8Array, headers: Headers = {}): void {
    if (!this.#isOpen) return;
    checkSize(body);
    if (buggify("a message without an answer is lost")) return;
    this.#broker.pass({ subject, headers, body, answer: undefined });
  }

  request(
    subject: string,
    body: Uint8Array,
    { headers = {}, signal, timeout }: { headers?: Headers; signal: AbortSignal; timeout: number },
  ): Promise<Message> {
    checkSize(body);
    return new Promise((resolve, reject) => {
      const ends: (() => void)[] = [];
      const settle = (fn: () => void): void => {
        for (const end of ends.splice(0)) end();
        fn();
      };
      if (signal.aborted) return reject(signal.reason);
      ends.push(onAbort(signal, (reason) => settle(() => reject(reason))));
      if (timeout !== Infinity) {
        const error = new TimeoutError(`the request to ${subject}`, timeout);
        const timer = loop().timers.setTimer(() => settle(() => reject(error)), timeout, { real: true });
        ends.push(() => timer.cancel());
      }
      const close = (): void => settle(() => reject(closed()));
      this.#leaves.add(close);
      ends.push(() => this.#leaves.delete(close));
      const answer = (bytes: Uint8Array, answered: Headers): void =>
        this.receive(() =>
          settle(() => resolve(messageOf({ subject, headers: answered, body: bytes, answer: undefined })))
        );
      if (!this.#isOpen) return close();
      if (this.#broker.pass({ subject, headers, body, answer })) return;
      this.receive(() => settle(() => reject(new NoResponderError(`Nobody listens to ${subject}`))));
    });
  }

  listen(subject: string, on: (message: Message) => void, group?: string): Promise<() => void> {
    let isOn = true;
    const take = (parcel: Parcel): void => this.receive(() => isOn && on(messageOf(parcel)));
    const leave = this.enter(this.#broker.listen({ subject, group, take }));
    return this.#answer(() => () => {
      isOn = false;
      leave();
    });
  }

  readonly objects: Engine["objects"] = {
    put: (name, bytes) => this.#answer(() => void this.#broker.objects.set(name, bytes.slice())),
    get: (name) => this.#answer(() => this.#broker.objects.get(name)),
    remove: (name) => this.#answer(() => void this.#broker.objects.delete(name)),
  };

  flush(): Promise<void> {
    return this.#answer(() => {});
  }

  /** Ends the connection; what it held comes again when its time has passed, as after the death of a process. */
  close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      for (const leave of [...this.#leaves]) leave();
      this.#inbox.close();
      this.#broker.leave();
    }
    return Promise.resolve();
  }

  /** Something has come by the connection. */
  receive(thing: () => void): void {
    this.#inbox.add(thing);
  }

  /** Keeps what ends with the connection; gives what ends it before. */
  enter(leave: () => void): () => void {
    if (!this.#isOpen) {
      leave();
      return leave;
    }
    const once = (): void => {
      this.#leaves.delete(once);
      leave();
    };
    this.#leaves.add(once);
    return once;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What is done at the engine at once, and answered in a turn to come. */
  #answer<T>(fn: () => T): Promise<T> {
    return answerOf(this, fn);
  }
}

/** Does something at the engine, now; its answer comes by the connection. */
function answerOf<T>(engine: EmbeddedEngine, fn: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    if (!engine.isOpen) return reject(closed());
    const leave = engine.enter(() => reject(closed()));
    let settle: () => void;
    try {
      const value = fn();
      settle = () => resolve(value);
    } catch (error) {
      settle = () => reject(error);
    }
    engine.receive(() => {
      settle();
      leave();
    });
  });
}

/** The queues of a pool, as one connection sees them. */
class EmbeddedQueue implements JobQueue {
  readonly #queue: StoredQueue;
  readonly #engine: EmbeddedEngine;
  /** Jobs on their way to this connection. */
  #coming = 0;
  readonly settings: QueueSettings;
  readonly dead: JobQueue["dead"];

  constructor(queue: StoredQueue, engine: EmbeddedEngine) {
    this.#queue = queue;
    this.settings = queue.settings;
    this.#engine = engine;
    this.dead = {
      add: (job) => answerOf(engine, () => queue.addDead(job)),
      list: (limit) =>
        answerOf(engine, () => [...queue.dead].slice(0, limit).map(([sequence, job]) => ({ ...job, sequence }))),
      remove: (sequence) => answerOf(engine, () => queue.dead.delete(sequence)),
    };
  }

  /** As long as this process. */
  life(): Promise<string> {
    return answerOf(this.#engine, () => "");
  }

  publish(job: JobMessage): Promise<{ isDuplicate: boolean; sequence: number }> {
    checkSize(job.body);
    return answerOf(this.#engine, () => this.#queue.add(job));
  }

  remove(sequence: number): Promise<boolean> {
    return answerOf(this.#engine, () => this.#queue.remove(sequence));
  }

  look(sequence: number): Promise<JobMessage | undefined> {
    return answerOf(this.#engine, () => this.#queue.get(sequence)?.message);
  }

  consume(
    priority: JobPriority,
    room: () => number,
    deliver: (delivery: Delivery) => void,
  ): Promise<{ more(): void; close(): Promise<void> }> {
    const give = (job: StoredJob, attempt: number): void => {
      this.#coming++;
      this.#engine.receive(() => {
        this.#coming--;
        const delivery = new EmbeddedDelivery(job, attempt, this.#queue, this.#engine);
        // Closed meanwhile: the engine knows at once that nobody took it.
        if (isClosed) return delivery.nak(0);
        deliver(delivery);
        if (buggify("a job is delivered twice")) this.#queue.giveBack(job, 0);
      });
    };
    let isClosed = false;
    const leave = this.#engine.enter(this.#queue.join({ priority, room: () => room() - this.#coming, give }));
    return answerOf(this.#engine, () => ({
      more: () => this.#queue.serve(),
      close: () => {
        isClosed = true;
        leave();
        return Promise.resolve();
      },
    }));
  }

  onExhausted(told: (job: { sequence: number; attempts: number }) => void): Promise<() => void> {
    const leave = this.#engine.enter(
      this.#queue.onStuck(({ sequence, attempts }) => this.#engine.receive(() => told({ sequence, attempts }))),
    );
    return answerOf(this.#engine, () => leave);
  }

  counts(): Promise<{ queued: number; delivered: number }> {
    return answerOf(this.#engine, () => this.#queue.counts());
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
  readonly #job: StoredJob;
  readonly #queue: StoredQueue;
  readonly #engine: EmbeddedEngine;

  constructor(job: StoredJob, attempt: number, queue: StoredQueue, engine: EmbeddedEngine) {
    this.id = job.message.id;
    this.name = job.message.name;
    this.headers = job.message.headers;
    this.body = job.message.body;
    this.attempt = attempt;
    this.sequence = job.sequence;
    this.#job = job;
    this.#queue = queue;
    this.#engine = engine;
  }

  ack(): Promise<void> {
    if (buggify("an acknowledgement is lost")) {
      return new Promise((_, reject) => {
        const timer = loop().timers.setTimer(
          () => {
            leave();
            reject(new TimeoutError("an acknowledgement", ackTimeout));
          },
          ackTimeout,
          { real: true },
        );
        const leave = this.#engine.enter(() => {
          timer.cancel();
          reject(closed());
        });
      });
    }
    return answerOf(this.#engine, () => void this.#queue.remove(this.sequence));
  }

  nak(delay: number): void {
    if (this.#engine.isOpen) this.#queue.giveBack(this.#job, delay);
  }

  working(): void {
    if (this.#engine.isOpen) this.#queue.extend(this.#job);
  }

  term(): void {
    if (this.#engine.isOpen) this.#queue.remove(this.sequence);
  }
}

function messageOf({ subject, headers, body, answer }: Parcel): Message {
  return { subject, headers, body, reply: (bytes, answered = {}) => answer?.(bytes, answered) };
}

function checkSize(body: Uint8Array): void {
  if (body.length > maxBytes) {
    throw new RangeError(`A message has at most ${maxBytes} bytes: received ${body.length}`);
  }
}

function closed(): Error {
  return new Error("The connection to the engine was closed");
}
