/**
 * The queues of one pool in JetStream.
 *
 * @module
 */

import { checkFunction, show } from "../../../runtime/basics/check.ts";
import { reportUnhandled } from "../../../scheduler/scopes/unhandled.ts";
import { EngineFullError, type JobMessage, type JobPriority, type JobQueue, priorities } from "../engine/engine.ts";
import type { Delivery, QueueSettings } from "../engine/engine.ts";
import { guarded } from "../engine/guarded.ts";
import { checkFunctionName } from "../engine/names.ts";
import { isDeeper } from "../engine/json_depth.ts";
import type { NatsMessage } from "./connection.ts";
import { parseStoredHeaders, toNatsHeaders } from "./headers.ts";
import { apiCodes, type JetStreamApi, NatsApiError, unlessMissing } from "./jetstream_api.ts";
import { Line } from "./line.ts";
import type { Link } from "./link.ts";
import { readSubject, taskSubject } from "./names.ts";
import { Orphans } from "./orphans.ts";
import type { Pulled } from "./pulled.ts";
import { Puller, type PullerOptions } from "./puller.ts";
import { advisories, exhaustedConsumer, type PoolStreams } from "./streams.ts";

/** A message as the server gives it from its place. */
interface StoredMessage {
  readonly message: {
    readonly subject: string;
    readonly seq: number;
    readonly hdrs?: string;
    readonly data?: string;
  };
}

/** What a queue stands on. */
export interface NatsQueueParts {
  readonly link: Link;
  readonly api: JetStreamApi;
  readonly streams: PoolStreams;
  /** For how many ms something durable is tried. */
  readonly deadline: number;
  readonly maxBytes: () => number;
}

/** How much more than its body a message may be, in its subject and its headers, is counted as this for each text. */
const textOverhead = 8;

/** How many exhausted jobs are told again at once, and after how many ms. */
const mostTold = 16;
const tellAgainAfter = 1000;

/** The queues of one pool. */
export class NatsQueue implements JobQueue {
  readonly dead: JobQueue["dead"] = {
    add: (job) => this.#bury(job),
    list: (limit) => this.#listDead(limit),
    remove: (sequence) => this.#delete(this.#parts.streams.dead, sequence),
  };
  readonly #parts: NatsQueueParts;
  readonly #pullers: Set<Puller> = new Set();
  /** Those who take jobs share one room. */
  readonly #line: Line = new Line();
  readonly #ends: Set<() => void> = new Set();
  readonly #restore: () => Promise<void>;
  readonly #orphans: Orphans;

  constructor(parts: NatsQueueParts) {
    this.#parts = parts;
    this.#orphans = new Orphans(parts.link, parts.api, parts.streams);
    // Those who only publish need the streams as well.
    this.#restore = async () => {
      await parts.streams.restore();
      void parts.link.whenRestored().then(() => this.#orphans.look());
    };
    parts.link.restorers.add(this.#restore);
  }

  get settings(): QueueSettings {
    return this.#parts.streams.settings;
  }

  async life(): Promise<string> {
    return await this.#parts.streams.life(this.#parts.deadline);
  }

  async publish(job: JobMessage): Promise<{ readonly isDuplicate: boolean; readonly sequence: number }> {
    checkFunctionName(job.name);
    if (!priorities.includes(job.priority)) throw new TypeError(`A job has no priority ${show(job.priority)}`);
    const { streams } = this.#parts;
    const subject = taskSubject(streams.pool, job.priority, job.name);
    try {
      const { seq, duplicate = false } = await this.#store(subject, job, job.id);
      return { isDuplicate: duplicate, sequence: seq };
    } catch (error) {
      if (!(error instanceof NatsApiError && error.code === apiCodes.storeFailed)) throw error;
      throw new EngineFullError(`The queue of the pool ${show(streams.pool)} is full`, { cause: error });
    }
  }

  /** Stores a message. With the same id it is stored once, so that it may be sent again while the connection comes and goes. */
  #store(subject: string, job: JobMessage, id: string): Promise<{ seq: number; duplicate?: boolean }> {
    if (typeof id !== "string" || id === "") throw new TypeError(`A job has an id: received ${show(id)}`);
    const { link, api, streams, deadline, maxBytes } = this.#parts;
    const { body, headers: given } = job;
    let bytes = body.byteLength + subject.length + 3 * id.length;
    for (const name in given) bytes += 3 * (name.length + given[name]!.length) + 2 * textOverhead;
    if (bytes > maxBytes()) throw new RangeError(`A message has at most ${maxBytes()} bytes: this one has ${bytes}`);
    const headers = toNatsHeaders(link.makeHeaders, given, id);
    return api.ask(subject, body, { headers, deadline, remake: () => streams.ensure(deadline) });
  }

  async remove(sequence: number): Promise<boolean> {
    return await this.#delete(this.#parts.streams.tasks, sequence);
  }

  async #delete(stream: string, sequence: number): Promise<boolean> {
    const { api, deadline } = this.#parts;
    const missing = [apiCodes.noMessage, apiCodes.sequenceNotFound, apiCodes.deleteFailed, apiCodes.streamNotFound];
    const call = api.call<{ success: boolean }>(`STREAM.MSG.DELETE.${stream}`, { seq: sequence, no_erase: true }, {
      deadline,
    });
    return (await unlessMissing(call, missing))?.success ?? false;
  }

  async look(sequence: number): Promise<JobMessage | undefined> {
    return (await this.#get(this.#parts.streams.tasks, { seq: sequence }))?.job;
  }

  /** What is stored in a place; `job` is absent where somebody else has put something there. */
  async #get(
    stream: string,
    which: object,
  ): Promise<{ readonly sequence: number; readonly job?: JobMessage } | undefined> {
    const { api, deadline } = this.#parts;
    const call = api.call<StoredMessage>(`STREAM.MSG.GET.${stream}`, which, { deadline });
    const found = await unlessMissing(call, [apiCodes.noMessage, apiCodes.streamNotFound]);
    if (found === undefined) return undefined;
    const { subject, seq: sequence, hdrs = "", data = "" } = found.message;
    const place = readSubject(subject);
    if (place === undefined) return { sequence };
    const { id, headers } = parseStoredHeaders(new TextDecoder().decode(bytesOf(hdrs)));
    return { sequence, job: { ...place, id, headers, body: bytesOf(data) } };
  }

  async consume(
    priority: JobPriority,
    room: () => number,
    deliver: (delivery: Delivery) => void,
  ): Promise<{ more(): void; close(): Promise<void> }> {
    checkFunction(room, "Room");
    checkFunction(deliver, "What takes deliveries");
    const { tasks } = this.#parts.streams;
    const rank = priorities.indexOf(priority);
    return await this.#pull({ stream: tasks, consumer: priority, line: this.#line, rank, room, deliver });
  }

  async #pull(options: PullerOptions): Promise<{ more(): void; close(): Promise<void> }> {
    const { link, streams } = this.#parts;
    const puller = new Puller(link, streams, options);
    this.#pullers.add(puller);
    const close = async (): Promise<void> => {
      this.#pullers.delete(puller);
      await puller.close();
    };
    // Whoever waits for this knows that the server has heard of it; it is found again with the connection where that is lost.
    await link.connection.flush().catch(() => {});
    puller.start();
    return { more: () => puller.more(), close };
  }

  /**
   * All who listen are told at once, by what the server says to everybody. It is also kept, and told again to one of them as long as the job
   * stays where it is: nobody may have listened, or nobody of those whose job it is.
   */
  async onExhausted(
    told: (job: { readonly sequence: number; readonly attempts: number }) => void | Promise<void>,
  ): Promise<() => void> {
    checkFunction(told, "Who is told of exhausted jobs");
    const { link, streams } = this.#parts;
    const tellAll = guarded((error: Error | null, { data }: NatsMessage) => {
      const advisory = error === null ? readAdvisory(data) : undefined;
      if (advisory !== undefined) void Promise.resolve(told(advisory)).catch(reportUnhandled);
    });
    const subscription = link.connection.subscribe(advisories(streams.tasks), { callback: tellAll });
    let running = 0;
    const tellAgain = async (pulled: Pulled): Promise<void> => {
      running++;
      try {
        const advisory = readAdvisory(pulled.message.data);
        const isThere = async () => advisory !== undefined && await this.look(advisory.sequence) !== undefined;
        if (await isThere()) await told(advisory!);
        if (await isThere()) pulled.nak(tellAgainAfter);
        else await pulled.ack();
      } catch (error) {
        pulled.nak(tellAgainAfter);
        if (!link.isOver) reportUnhandled(error);
      } finally {
        running--;
        puller.more();
      }
    };
    const puller = await this.#pull({
      stream: streams.exhausted,
      consumer: exhaustedConsumer,
      line: new Line(),
      rank: 0,
      room: () => mostTold - running,
      deliver: (pulled) => void tellAgain(pulled),
    });
    const end = (): void => {
      if (this.#ends.delete(end) && !link.isOver) subscription.unsubscribe();
      void puller.close();
    };
    this.#ends.add(end);
    return end;
  }

  async counts(): Promise<{ readonly queued: number; readonly delivered: number }> {
    return await this.#parts.streams.counts(this.#parts.deadline);
  }

  async #bury(job: JobMessage): Promise<void> {
    checkFunctionName(job.name);
    const { pool } = this.#parts.streams;
    await this.#store(`millrace.${pool}.dead.${job.priority}.${job.name}`, job, job.id);
  }

  async #listDead(limit: number): Promise<readonly (JobMessage & { readonly sequence: number })[]> {
    const { streams } = this.#parts;
    const list: (JobMessage & { readonly sequence: number })[] = [];
    for (let seq = 1; list.length < limit;) {
      const found = await this.#get(streams.dead, { seq, next_by_subj: `millrace.${streams.pool}.dead.>` });
      if (found === undefined) break;
      const { sequence, job } = found;
      if (job !== undefined) list.push({ ...job, sequence });
      seq = sequence + 1;
    }
    return list;
  }

  async close(): Promise<void> {
    this.#orphans.isClosed = true;
    this.#parts.link.restorers.delete(this.#restore);
    for (const end of [...this.#ends]) end();
    await Promise.all([...this.#pullers].map((puller) => puller.close()));
    this.#pullers.clear();
  }
}

function readAdvisory(data: Uint8Array): { readonly sequence: number; readonly attempts: number } | undefined {
  if (isDeeper(data, 100)) return undefined;
  try {
    const { stream_seq, deliveries } = JSON.parse(new TextDecoder().decode(data));
    return Number.isSafeInteger(stream_seq) ? { sequence: stream_seq, attempts: Number(deliveries) || 0 } : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
