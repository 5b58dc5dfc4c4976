/**
 * A queue of jobs whose workers may die, or only seem to: a job is lent for a while, and lent again when nothing is heard of it.
 *
 * ```
 *   submitted ──take──> lent, with a token ──done, with the same token──> done
 *                         ^          │
 *                         └──the lease is over: a higher token
 * ```
 *
 * A worker that was slow goes on when its job has long been given to another one, and nobody can stop it. So the storage of the results
 * keeps the highest token that it has seen for a job, and refuses lower ones: the token is a fence.
 */

import { json, serve } from "../../io/mod.ts";
import { group, Mutex, sleep, type TaskGroup } from "../../mod.ts";
import { Journal } from "../kv/journal.ts";
import { ask } from "../kv/protocol.ts";

/** Mistakes on purpose; none by default. */
export interface Bugs {
  /** The storage takes whatever comes. */
  readonly noFence?: boolean;
  /** A job is acknowledged before it is on the disk. */
  readonly ackBeforeSync?: boolean;
}

/** In ms: how long a job is lent, how long an answer is waited for, and how long there is nothing to do. */
const timing = { lease: 150, answer: 100, idle: 20 };

/** A job that is lent. */
export interface Loan {
  readonly id: string;
  readonly token: number;
}

/** The state of a job, as the queue tells it. */
export interface JobState {
  readonly id: string;
  /** The latest token; 0 if it was never lent. */
  readonly token: number;
  readonly isDone: boolean;
}

/** The result of a job, as the storage has it. */
export interface Stored extends Loan {
  readonly result: string;
}

/** Where a program keeps its files, and what it gets wrong. */
export interface Settings {
  readonly folder: string;
  readonly port: number;
  readonly bugs?: Bugs;
}

/** Keeps jobs and lends them. */
export function runQueue({ folder, port, bugs = {} }: Settings): Promise<void> {
  return group(async (g) => {
    const journal = await Journal.open<JobState>(folder, "jobs.log");
    const jobs = new Map(journal.records.map((job) => [job.id, job]));
    // Leases of an earlier life are counted anew: their ends are not known here.
    const lentUntil = new Map([...jobs.keys()].map((id) => [id, performance.now() + timing.lease]));
    let lastToken = Math.max(0, ...[...jobs.values()].map(({ token }) => token));

    const keep = async (job: JobState, sync = true) => {
      await journal.write([job]);
      if (sync) await journal.sync();
      jobs.set(job.id, job);
    };
    await answer(g, port, {
      submit: async ({ id }: { id: string }) => {
        if (!jobs.has(id)) await keep({ id, token: 0, isDone: false }, !bugs.ackBeforeSync);
        return { ok: true };
      },
      take: async () => {
        const now = performance.now();
        const free = [...jobs.values()].find(({ id, isDone }) => !isDone && (lentUntil.get(id) ?? 0) <= now);
        if (free === undefined) return {};
        const loan: Loan = { id: free.id, token: ++lastToken };
        await keep({ ...loan, isDone: false });
        lentUntil.set(loan.id, performance.now() + timing.lease);
        return loan;
      },
      done: async ({ id, token }: Loan) => {
        const job = jobs.get(id);
        if (job?.token !== token) return { ok: false };
        if (!job.isDone) await keep({ id, token, isDone: true });
        return { ok: true };
      },
      list: async () => await Promise.resolve([...jobs.values()]),
    });
    await sleep(Infinity);
  }, { name: "queue" });
}

/** Keeps results; of a job the one with the highest token. */
export function runStorage({ folder, port, bugs = {} }: Settings): Promise<void> {
  return group(async (g) => {
    const journal = await Journal.open<Stored>(folder, "results.log");
    const results = new Map(journal.records.map((stored) => [stored.id, stored]));
    await answer(g, port, {
      store: async (stored: Stored) => {
        const { token } = results.get(stored.id) ?? { token: 0 };
        if (stored.token < token && !bugs.noFence) return { ok: false };
        await journal.write([stored]);
        await journal.sync();
        results.set(stored.id, stored);
        return { ok: true };
      },
      list: async () => await Promise.resolve([...results.values()]),
    });
    await sleep(Infinity);
  }, { name: "storage" });
}

/** Takes jobs and does them, for ever. */
export async function runWorker(queue: string, storage: string, work: (job: Loan) => Promise<string>): Promise<never> {
  for (;;) {
    const loan = await ask<Loan>(queue, "/take", {}, timing.answer);
    if (loan?.id === undefined) {
      await sleep(timing.idle);
      continue;
    }
    const result = await work(loan);
    const isStored = await insist<{ ok: boolean }>(storage, "/store", { ...loan, result });
    // Refused: somebody else has the job now.
    if (isStored.ok) await insist(queue, "/done", loan);
  }
}

/** Asks until there is an answer; all that is asked so may be asked twice. */
export async function insist<T>(url: string, path: string, question: unknown): Promise<T> {
  for (;;) {
    const reply = await ask<T>(url, path, question, timing.answer);
    if (reply !== undefined) return reply;
    await sleep(timing.idle);
  }
}

/** Answers questions, one after the other; an error ends the program. */
async function answer(
  g: TaskGroup,
  port: number,
  // deno-lint-ignore no-explicit-any
  answers: Record<string, (question: any) => Promise<unknown>>,
): Promise<void> {
  const lock = new Mutex();
  await serve(async (request) => {
    const found = answers[new URL(request.url).pathname.slice(1)];
    if (found === undefined) return json({ error: "There is nothing here" }, { status: 404 });
    const question = JSON.parse(await request.text());
    return json(await lock.run(() => found(question)));
  }, {
    hostname: "0.0.0.0",
    port,
    drain: { grace: 0, force: 0 },
    onError: (error) => void g.spawn(() => Promise.reject(error)),
  });
}
