/**
 * The streams and consumers of a pool: made where they are not there, and made again where they have gone.
 *
 * - `MILLRACE_<pool>`: the jobs, each until it is acknowledged; one durable consumer for each priority.
 * - `MILLRACE_<pool>_EXHAUSTED`: what the server says of jobs that were delivered as often as they may be. It is kept until the job has been
 *   taken out: the worker that would have heard it is often the one that died of the job.
 * - `MILLRACE_<pool>_DEAD`: the jobs that were given up, the oldest of which make room for new ones.
 *
 * What is found is left as it is: callers and workers that were told different settings would change it back and forth.
 *
 * @module
 */

import { priorities, type QueueSettings } from "../engine/engine.ts";
import { apiCodes, type JetStreamApi, NatsApiError, unlessMissing } from "./jetstream_api.ts";
import type { Link } from "./link.ts";
import { streamOf } from "./names.ts";
import { pause } from "../engine/pause.ts";

/** How streams are kept. */
export interface StreamOptions {
  readonly storage: "file" | "memory";
  readonly replicas: number;
}

/** The consumer of the exhausted. */
export const exhaustedConsumer = "teller";

/** Where the server tells of the exhausted jobs of a stream. */
export function advisories(stream: string): string {
  return `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${stream}.*`;
}

/** How many workers may wait at one consumer at once. */
const maxWaiting = 4096;

/** How long it is until what could not be made is tried again, in ms. */
const retryPause = 500;

/** How often, and after how many ms, a stream is looked for that somebody else makes. */
const mostTries = 40;
const takenPause = 50;

/** How long an id is known. */
const duplicateWindow = 120_000;

interface StreamInfo {
  readonly created: string;
  readonly config: { readonly max_msgs: number };
  readonly state: { readonly messages: number };
}

interface ConsumerInfo {
  readonly config: { readonly ack_wait: number; readonly max_deliver: number };
  readonly num_pending: number;
  readonly num_ack_pending: number;
}

const nanoseconds = (ms: number): number => Math.round(ms * 1e6);

/** No limit is -1 at the server. */
const toLimit = (count: number): number => count === Infinity ? -1 : count;
const fromLimit = (count: number): number => count < 0 ? Infinity : count;

/** The streams of one pool. */
export class PoolStreams {
  readonly pool: string;
  readonly tasks: string;
  readonly exhausted: string;
  readonly dead: string;
  /** The settings that the queues have, which whoever made them has chosen. */
  settings: QueueSettings;
  /** Which life of the stream it is: a delivery of an earlier one has a place in the queue that is now another job's. */
  incarnation = "";
  readonly #wanted: QueueSettings;
  readonly #api: JetStreamApi;
  readonly #link: Link;
  readonly #options: StreamOptions;
  #making: Promise<void> | undefined;

  constructor(link: Link, api: JetStreamApi, pool: string, settings: QueueSettings, options: StreamOptions) {
    this.#link = link;
    this.#api = api;
    this.#options = options;
    this.pool = pool;
    this.settings = this.#wanted = settings;
    this.tasks = streamOf(pool);
    this.exhausted = `${this.tasks}_EXHAUSTED`;
    this.dead = `${this.tasks}_DEAD`;
  }

  /** Makes what is not there, once for all who ask meanwhile. */
  ensure(deadline: number): Promise<void> {
    return this.#making ??= this.#ensure(deadline).finally(() => this.#making = undefined);
  }

  async #ensure(deadline: number): Promise<void> {
    const { pool, tasks, exhausted, dead } = this;
    const { ackWait } = this.#wanted;
    const [limit, attempts] = [toLimit(this.#wanted.limit), toLimit(this.#wanted.attempts)];
    const workqueue = { retention: "workqueue", discard: "new", max_msgs: limit };
    const [{ created, config }] = await Promise.all([
      this.#stream(tasks, { ...workqueue, subjects: [`millrace.${pool}.task.>`] }, deadline),
      this.#stream(exhausted, {
        retention: "workqueue",
        discard: "old",
        max_msgs: limit,
        subjects: [advisories(tasks)],
      }, deadline),
      this.#stream(dead, {
        retention: "limits",
        discard: "old",
        max_msgs: limit,
        subjects: [`millrace.${pool}.dead.>`],
      }, deadline),
    ]);
    const delivery = { ack_wait: nanoseconds(ackWait), max_deliver: attempts, max_ack_pending: limit };
    const [consumer] = await Promise.all([
      ...priorities.map((priority) =>
        this.#consumer(
          tasks,
          priority,
          { ...delivery, filter_subject: `millrace.${pool}.task.${priority}.>` },
          deadline,
        )
      ),
      this.#consumer(exhausted, exhaustedConsumer, { ack_wait: nanoseconds(10_000), max_deliver: -1 }, deadline),
    ]);
    const { ack_wait, max_deliver } = consumer!.config;
    this.settings = {
      ackWait: ack_wait / 1e6,
      attempts: fromLimit(max_deliver),
      limit: fromLimit(config.max_msgs),
    };
    this.incarnation = created;
  }

  async #stream(name: string, config: object, deadline: number): Promise<StreamInfo> {
    const options = { deadline, isRestorer: true };
    const info = () => this.#api.call<StreamInfo>(`STREAM.INFO.${name}`, undefined, options);
    const { storage, replicas } = this.#options;
    const all = { name, storage, num_replicas: replicas, duplicate_window: nanoseconds(duplicateWindow), ...config };
    for (let tries = 1;; tries++) {
      const found = await unlessMissing(info(), [apiCodes.streamNotFound]);
      if (found !== undefined) return found;
      try {
        const made = await this.#api.call<StreamInfo>(`STREAM.CREATE.${name}`, all, options);
        // Its places are given anew: what is told of those of before would be told of other jobs.
        const purge = () => this.#api.call(`STREAM.PURGE.${this.exhausted}`, undefined, options);
        if (name === this.tasks) await unlessMissing(purge(), [apiCodes.streamNotFound]);
        return made;
      } catch (error) {
        // Somebody else makes it at this moment: its name or its subjects are taken, and it may not be found yet.
        if (!isTaken(error) || tries >= mostTries) throw error;
        await pause(takenPause);
      }
    }
  }

  async #consumer(stream: string, name: string, config: object, deadline: number): Promise<ConsumerInfo> {
    const options = { deadline, isRestorer: true };
    const info = this.#api.call<ConsumerInfo>(`CONSUMER.INFO.${stream}.${name}`, undefined, options);
    const found = await unlessMissing(info, [apiCodes.consumerNotFound]);
    if (found !== undefined) return found;
    const all = {
      durable_name: name,
      ack_policy: "explicit",
      deliver_policy: "all",
      max_waiting: maxWaiting,
      ...config,
    };
    const body = { stream_name: stream, config: all };
    return await this.#api.call<ConsumerInfo>(`CONSUMER.DURABLE.CREATE.${stream}.${name}`, body, options);
  }

  /** When the stream of the jobs was made; it is made again where it has gone. */
  async life(deadline: number): Promise<string> {
    const info = this.#api.call<StreamInfo>(`STREAM.INFO.${this.tasks}`, undefined, { deadline });
    const found = await unlessMissing(info, [apiCodes.streamNotFound]);
    if (found !== undefined) return found.created;
    await this.ensure(deadline);
    return this.incarnation;
  }

  /** Sees whether the stream of the jobs is still the one that is known. */
  async see(deadline: number): Promise<void> {
    if (await this.life(deadline) !== this.incarnation) await this.ensure(deadline);
  }

  /** How many jobs wait at the consumers, and how many they have given away. */
  async counts(deadline: number): Promise<{ readonly queued: number; readonly delivered: number }> {
    const [{ state }, ...infos] = await Promise.all([
      this.#api.call<StreamInfo>(`STREAM.INFO.${this.tasks}`, undefined, { deadline }),
      ...priorities.map((priority) =>
        this.#api.call<ConsumerInfo>(`CONSUMER.INFO.${this.tasks}.${priority}`, undefined, { deadline })
      ),
    ]);
    const sum = (of: (info: ConsumerInfo) => number): number => infos.reduce((all, info) => all + of(info), 0);
    const queued = sum((info) => info.num_pending);
    // A consumer that comes back with its server may still count jobs that had been acknowledged, and are gone.
    const delivered = Math.max(0, Math.min(sum((info) => info.num_ack_pending), state.messages - queued));
    return { queued, delivered };
  }

  /** Makes them again until that has worked, or there is no sense in it any more: the connection is lost once more, or closed. */
  async restore(): Promise<void> {
    while (!this.#link.isOver && this.#link.isConnected) {
      try {
        return await this.ensure(5000);
      } catch {
        // Not there yet, or not allowed: whoever needs them will say which.
        await pause(retryPause);
      }
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof NatsApiError &&
    (error.code === apiCodes.streamNameInUse || error.code === apiCodes.subjectsOverlap);
}
