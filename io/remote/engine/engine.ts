/**
 * What carries the jobs of a remote pool: NATS JetStream, or an engine in this process. Both keep the same promises, and all above them is
 * the same.
 *
 * ```
 *   publish ──its id is known──> duplicate
 *      └──> queued ──remove──> gone
 *              └──> delivered, to one worker ──ack──> gone
 *                       ▲          ├──nak, after a delay──┐
 *                       │          ├──nothing is heard of it for `ackWait`──┐
 *                       └──────────┴──────────────────────┴────────────────┘ up to `attempts` times; then it is told as exhausted
 * ```
 *
 * A job that was delivered so often stays where it is until somebody takes or removes it: whoever makes dead letters does.
 *
 * @module
 */

/** How urgent a job is. */
export type JobPriority = "user-blocking" | "user-visible" | "background";

/** The priorities, the most urgent first: each has a queue of its own. */
export const priorities: readonly JobPriority[] = ["user-blocking", "user-visible", "background"];

/** Texts that go with bytes. */
export type Headers = Readonly<Record<string, string>>;

/** How the queues of a pool are. */
export interface QueueSettings {
  /** For how many ms a worker may say nothing of a job. */
  readonly ackWait: number;
  /** How often a job is delivered at most. */
  readonly attempts: number;
  /** How many jobs may be queued or delivered. */
  readonly limit: number;
}

/** A job as it is published. */
export interface JobMessage {
  /** Whoever publishes the same again within two minutes adds nothing. */
  readonly id: string;
  /** That of the function. */
  readonly name: string;
  /** Which of the queues it stands in. */
  readonly priority: JobPriority;
  /** What goes along. */
  readonly headers: Headers;
  /** What it is about. */
  readonly body: Uint8Array;
}

/** A job that was delivered to a worker. */
export interface Delivery {
  /** Those of the job that was published. */
  readonly id: string;
  /** That of the function. */
  readonly name: string;
  /** What went along. */
  readonly headers: Headers;
  /** What it is about. */
  readonly body: Uint8Array;
  /** The how many-th time it is delivered, from 1. */
  readonly attempt: number;
  /** Its place in the queue. */
  readonly sequence: number;
  /** It is done; resolves when that is known to be so. */
  ack(): Promise<void>;
  /** It is to be delivered again, after so many ms. */
  nak(delay: number): void;
  /** It goes on: the time of `ackWait` begins anew. */
  working(): void;
  /** It is given up: it is not delivered again. */
  term(): void;
}

/** Bytes that came by a subject. */
export interface Message {
  /** Where it was sent. */
  readonly subject: string;
  /** What went along. */
  readonly headers: Headers;
  /** What it says. */
  readonly body: Uint8Array;
  /** Answers it, where an answer is asked for. */
  reply(body: Uint8Array, headers?: Headers): void;
}

/** The queues of one pool. */
export interface JobQueue {
  /** How the queues are: whoever made them first has chosen, whatever the others asked for. Workers are heard of by this `ackWait`. */
  readonly settings: QueueSettings;
  /** Which life of the queues it is: another one once they were made anew, and what was in them is lost. */
  life(): Promise<string>;
  /** Adds a job; rejects with an `EngineFullError` where there is no room. `sequence` is its place, with which it can be removed. */
  publish(job: JobMessage): Promise<{ readonly isDuplicate: boolean; readonly sequence: number }>;
  /**
   * Takes a job out, whatever its state, and answers whether it was there. One that a worker has goes on there, is not delivered again,
   * and its `ack` is one of nothing.
   */
  remove(sequence: number): Promise<boolean>;
  /** The job in a place; `undefined` where there is none. */
  look(sequence: number): Promise<JobMessage | undefined>;
  /**
   * Takes jobs of one priority: `deliver` is called with each, never with more than `room()` says at that moment, and not before the
   * promise has resolved. Whoever has more room than before says so with `more`. `close` ends that; what is held then is given back by
   * whoever holds it.
   */
  consume(
    priority: JobPriority,
    room: () => number,
    deliver: (delivery: Delivery) => void,
  ): Promise<{ more(): void; close(): Promise<void> }>;
  /**
   * Is told of each job that was delivered as often as it may be, and of which nothing has been heard: all who ask are told, and some of
   * them again as long as the job stays where it is, so that one of which nobody was there to be told is told to whoever asks later.
   */
  onExhausted(
    told: (job: { readonly sequence: number; readonly attempts: number }) => void | Promise<void>,
  ): Promise<() => void>;
  /** How many jobs are queued, and how many are delivered and not acknowledged. */
  counts(): Promise<{ readonly queued: number; readonly delivered: number }>;
  /** Jobs that were given up, kept apart: `id` is theirs, and whoever adds the same again within two minutes adds nothing. */
  readonly dead: {
    add(job: JobMessage): Promise<void>;
    list(limit: number): Promise<readonly (JobMessage & { readonly sequence: number })[]>;
    remove(sequence: number): Promise<boolean>;
  };
}

/** A connection to an engine. */
export interface Engine {
  /** The most bytes of a message. */
  readonly maxBytes: number;
  /** The queues of a pool, made where they are not there yet, and again where they have gone. */
  queue(pool: string, settings: QueueSettings): Promise<JobQueue>;
  /** Sends bytes to all who listen to a subject, or to one of a group. */
  send(subject: string, body: Uint8Array, headers?: Headers): void;
  /** Sends bytes and waits for the one answer; rejects with a `NoResponderError` at once where nobody listens. */
  request(
    subject: string,
    body: Uint8Array,
    options: { headers?: Headers; signal: AbortSignal; timeout: number },
  ): Promise<Message>;
  /** Listens to a subject, whose last part may be `>`; of those of one `group` one gets each message. The function it returns ends that. */
  listen(subject: string, on: (message: Message) => void, group?: string): Promise<() => void>;
  /** Large bytes beside the messages. */
  readonly objects: {
    put(name: string, bytes: Uint8Array): Promise<void>;
    get(name: string): Promise<Uint8Array | undefined>;
    remove(name: string): Promise<void>;
  };
  /** How often the connection was lost and found again, and whether it is there. */
  readonly state: { readonly reconnects: number; readonly isConnected: boolean };
  /** Resolves when all that was sent has gone out. */
  flush(): Promise<void>;
  /** Ends the connection; what is held by it comes again elsewhere after `ackWait`. */
  close(): Promise<void>;
}

/** There is no room in a queue. */
export class EngineFullError extends Error {
  /** "EngineFullError". */
  override readonly name = "EngineFullError";
}

/** Nobody listens. */
export class NoResponderError extends Error {
  /** "NoResponderError". */
  override readonly name = "NoResponderError";
}
