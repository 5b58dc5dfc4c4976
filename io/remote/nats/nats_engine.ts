/**
 * Jobs over NATS JetStream.
 *
 * @module
 */

import { checkCount, checkFiniteDuration, checkFunction, checkOptions } from "../../../runtime/basics/check.ts";
import type { Engine, Headers, JobQueue, Message, QueueSettings } from "../engine/engine.ts";
import { guarded } from "../engine/guarded.ts";
import { checkPoolName, checkSubject } from "../engine/names.ts";
import {
  connectToNats,
  loadHeaders,
  type NatsConnection,
  type NatsHeaders,
  type NatsMessage,
  plainBytes,
} from "./connection.ts";
import { fromNatsHeaders, toNatsHeaders } from "./headers.ts";
import { JetStreamApi } from "./jetstream_api.ts";
import { Link } from "./link.ts";
import { checkNatsOptions, type NatsEngineOptions, natsKeys } from "./nats_options.ts";
import { NatsObjects } from "./nats_objects.ts";
import { NatsQueue } from "./nats_queue.ts";
import { bounded, closeTime } from "../engine/pause.ts";
import { PoolStreams } from "./streams.ts";

/**
 * Connects to NATS. It needs the packages `@nats-io/transport-node`, `@nats-io/nats-core` and, for large bytes, `@nats-io/obj`.
 *
 * @example
 * ```ts
 * import process from "node:process";
 * import { natsEngine } from "./nats_engine.ts";
 *
 * const engine = await natsEngine({ servers: process.env["NATS_URL"]! });
 * const queue = await engine.queue("images", { ackWait: 30_000, attempts: 3, limit: 10_000 });
 * console.log((await queue.counts()).queued); // -> 0
 * await engine.close();
 * ```
 */
export async function natsEngine(options: NatsEngineOptions = {}): Promise<Engine> {
  checkOptions(options, "natsEngine", natsKeys);
  checkNatsOptions(options);
  const { connection } = options;
  const makeHeaders = await loadHeaders();
  return new NatsEngine(connection ?? await connectToNats(options), makeHeaders, options);
}

class NatsEngine implements Engine {
  readonly objects: Engine["objects"];
  readonly #link: Link;
  readonly #api: JetStreamApi;
  readonly #options: NatsEngineOptions;
  readonly #deadline: number;
  readonly #queues: Set<NatsQueue> = new Set();
  readonly #listeners: Set<() => void> = new Set();
  #maxBytes = 1_048_576;

  constructor(connection: NatsConnection, makeHeaders: () => NatsHeaders, options: NatsEngineOptions) {
    this.#options = options;
    this.#deadline = options.deadline ?? 30_000;
    this.#link = new Link(connection, makeHeaders, options.inboxPrefix ?? "_INBOX");
    this.#api = new JetStreamApi(this.#link);
    const { keepObjects = 7 * 24 * 3_600_000 } = options;
    this.objects = new NatsObjects(this.#link, this.#api, { ...this.#storage, ttl: keepObjects * 1e6 }).port;
  }

  get #storage(): { readonly storage: "file" | "memory"; readonly replicas: number } {
    return { storage: this.#options.storage ?? "file", replicas: this.#options.replicas ?? 1 };
  }

  /** While the connection is lost the last server's limit is the best that is known. */
  get maxBytes(): number {
    return this.#maxBytes = this.#link.connection.info?.max_payload ?? this.#maxBytes;
  }

  get state(): Engine["state"] {
    return { reconnects: this.#link.reconnects, isConnected: this.#link.isConnected && !this.#link.isOver };
  }

  async queue(pool: string, settings: QueueSettings): Promise<JobQueue> {
    checkPoolName(pool);
    checkFiniteDuration(settings.ackWait, "The wait for a word of a job");
    if (settings.ackWait < 1) {
      throw new RangeError(`A job is heard of after 1 ms or more: received ${settings.ackWait}`);
    }
    checkCount(settings.attempts, "The attempts", 1);
    checkCount(settings.limit, "The limit of a queue", 1);
    const streams = new PoolStreams(this.#link, this.#api, pool, settings, this.#storage);
    await streams.ensure(this.#deadline);
    const parts = {
      link: this.#link,
      api: this.#api,
      streams,
      deadline: this.#deadline,
      maxBytes: () => this.maxBytes,
    };
    const queue = new NatsQueue(parts);
    this.#queues.add(queue);
    return queue;
  }

  send(subject: string, body: Uint8Array, headers?: Headers): void {
    checkSubject(subject, false);
    const made = toNatsHeaders(this.#link.makeHeaders, headers);
    this.#link.connection.publish(subject, body, made && { headers: made as never });
  }

  async request(
    subject: string,
    body: Uint8Array,
    options: { headers?: Headers; signal: AbortSignal; timeout: number },
  ): Promise<Message> {
    checkSubject(subject, false);
    const headers = toNatsHeaders(this.#link.makeHeaders, options.headers);
    return this.#message(await this.#link.requests.ask(subject, body, { ...options, headers }));
  }

  async listen(subject: string, on: (message: Message) => void, group?: string): Promise<() => void> {
    checkSubject(subject, true);
    checkFunction(on, "What listens");
    const { connection } = this.#link;
    let refusal: Error | undefined;
    const callback = guarded((error: Error | null, message: NatsMessage) => {
      if (error === null) on(this.#message(message));
      else refusal = error;
    });
    const subscription = connection.subscribe(subject, { callback, ...group !== undefined && { queue: group } });
    // What the server refuses it has refused by then; and whoever is asked after this is heard.
    await connection.flush().catch(() => {});
    if (refusal !== undefined) throw refusal;
    const end = (): void => {
      if (this.#listeners.delete(end) && !this.#link.isOver) subscription.unsubscribe();
    };
    this.#listeners.add(end);
    return end;
  }

  #message(message: NatsMessage): Message {
    return {
      subject: message.subject,
      headers: fromNatsHeaders(message.headers),
      body: plainBytes(message.data),
      reply: (body, headers) => {
        // A message that asks for no answer has an empty subject for it.
        if (!message.reply || this.#link.isOver) return;
        const made = toNatsHeaders(this.#link.makeHeaders, headers);
        this.#link.connection.publish(message.reply, body, made && { headers: made as never });
      },
    };
  }

  /** A server that stands still answers nothing, and is taken for lost after minutes: no end waits for so long. */
  async flush(): Promise<void> {
    await bounded(this.#link.connection.flush(), closeTime);
  }

  async close(): Promise<void> {
    const link = this.#link;
    if (link.isClosed) return;
    await Promise.all([...this.#queues].map((queue) => queue.close()));
    for (const end of [...this.#listeners]) end();
    if (link.isConnected && !link.isOver) await bounded(link.connection.flush(), closeTime);
    link.close();
    if (this.#options.connection === undefined) await bounded(link.connection.close(), closeTime);
  }
}
