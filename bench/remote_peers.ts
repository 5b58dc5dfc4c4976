/** Calls to other processes by hand, and by BullMQ: what calls, and what serves. */

import type { JsMsg } from "@nats-io/jetstream";
import { WorkerPool } from "../mod.ts";

/** Calls `increment` in another process. */
export type Call = (value: number) => Promise<unknown>;

type Tasks = typeof import("./worker_tasks.ts");
export const module: URL = new URL("./worker_tasks.ts", import.meta.url);

/** How many threads run the functions, where threads do. */
export const size = 2;

/** How many jobs a worker of a peer has at once; BullMQ's function is in its main thread, so that more is better. */
const concurrency = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const write = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));
const read = (bytes: Uint8Array) => JSON.parse(decoder.decode(bytes));

/** A call through JetStream as few lines as it takes: published with an id to a work queue, answered to an inbox, acknowledged. */
export async function jetStreamCaller(servers: string, stream: string): Promise<Call> {
  const { connect, createInbox, headers } = await import("@nats-io/transport-node");
  const { jetstream, jetstreamManager } = await import("@nats-io/jetstream");
  const connection = await connect({ servers });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: stream, subjects: [`${stream}.task`], retention: "workqueue", storage: "file" });
  await manager.consumers.add(stream, { durable_name: "worker", ack_policy: "explicit", ack_wait: 30e9 });
  const client = jetstream(connection);
  const inbox = createInbox();
  const waiting = new Map<string, (value: unknown) => void>();
  connection.subscribe(`${inbox}.*`, {
    callback(_, { subject, data }) {
      const id = subject.slice(inbox.length + 1);
      waiting.get(id)?.(read(data));
      waiting.delete(id);
    },
  });
  let count = 0;
  return async (value) => {
    const id = `${count++}`;
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    const head = headers();
    head.set("Answer", `${inbox}.${id}`);
    await client.publish(`${stream}.task`, write([value]), { msgID: `${inbox}.${id}`, headers: head });
    return await answer;
  };
}

/** Serves that, in this thread or on a pool of threads. */
export async function jetStreamWorker(servers: string, stream: string, hasThreads: boolean): Promise<void> {
  const { connect } = await import("@nats-io/transport-node");
  const { jetstream } = await import("@nats-io/jetstream");
  const connection = await connect({ servers });
  const pool = hasThreads ? new WorkerPool<Tasks>(module, { size, min: size }) : undefined;
  await pool?.warmUp();
  const consumer = await jetstream(connection).consumers.get(stream, "worker");
  const take = async (message: JsMsg): Promise<void> => {
    const [value] = read(message.data);
    const result = pool === undefined ? value + 1 : await pool.run("increment", [value]);
    connection.publish(message.headers!.get("Answer"), write(result));
    message.ack();
  };
  await consumer.consume({ callback: (message) => void take(message) });
}

const queueName = "bench";

/** A call through BullMQ: its id is chosen before, since the event of its end may be sooner than the answer of `add`. */
export async function bullCaller(port: string): Promise<Call> {
  const { Queue, QueueEvents } = await import("bullmq");
  const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
  const queue = new Queue(queueName, { connection });
  const events = new QueueEvents(queueName, { connection });
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  const waiting = new Map<string, (value: unknown) => void>();
  events.on("completed", ({ jobId, returnvalue }) => {
    waiting.get(jobId)?.(returnvalue);
    waiting.delete(jobId);
  });
  let count = 0;
  return async (value) => {
    const jobId = `call-${count++}`;
    const answer = new Promise((resolve) => waiting.set(jobId, resolve));
    await queue.add("increment", [value], { jobId, removeOnComplete: true, removeOnFail: true });
    return await answer;
  };
}

/** Serves that. */
export async function bullWorker(port: string): Promise<void> {
  const { Worker } = await import("bullmq");
  const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
  const worker = new Worker(queueName, (job) => Promise.resolve(job.data[0] + 1), { connection, concurrency });
  await worker.waitUntilReady();
}
