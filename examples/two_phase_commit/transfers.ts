/**
 * Money that moves between banks, each with a log of its own: by two-phase commit, with abort presumed.
 *
 * ```
 *   coordinator   prepare ──all say yes──> "commit" is on the disk ──> commit ──all have it──> over
 *                    └──a no, or no answer──> abort: nothing has to be on the disk
 *   bank          prepare ──"yes" is on the disk──> yes: it cannot decide alone any more ──told, or asks──> done, or undone
 * ```
 *
 * A coordinator that knows nothing of a transfer has not decided to commit it, and never will: it says abort.
 */

import { json, serve } from "../../io/mod.ts";
import { group, Mutex, sleep, type TaskGroup } from "../../mod.ts";
import { Journal } from "../kv/journal.ts";
import { ask } from "../kv/protocol.ts";

/** Mistakes on purpose; none by default. */
export interface Bugs {
  /** The coordinator tells its decision before that is on its disk. */
  readonly lateDecision?: boolean;
  /** A bank says yes before that is on its disk. */
  readonly unsyncedYes?: boolean;
}

/** In ms: how long an answer is waited for, and how long it takes to ask again. */
const timing = { answer: 100, again: 50 };

/** Money that goes from one bank to another. */
export interface Transfer {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

/** What became of a transfer, or will. */
export type Outcome = "commit" | "abort" | "open";

/** Where a program keeps its log, and what it gets wrong. */
export interface Settings {
  readonly folder: string;
  readonly port: number;
  readonly bugs?: Bugs;
}

/** Decides what becomes of transfers. `urlOf` tells where a bank is. */
export function runCoordinator({ folder, port, bugs = {} }: Settings, urlOf: (bank: string) => string): Promise<void> {
  return group(async (g) => {
    const journal = await Journal.open<Transfer>(folder, "commits.log");
    const committed = new Map(journal.records.map((transfer) => [transfer.id, transfer]));
    /** Those that are being prepared. */
    const open = new Set<string>();

    const decide = async (transfer: Transfer): Promise<Outcome> => {
      const { id, from, to, amount } = transfer;
      const prepare = (bank: string, change: number) =>
        g.spawn(() => ask<{ yes: boolean }>(urlOf(bank), "/prepare", { id, change }, timing.answer));
      const votes = [prepare(from, -amount), prepare(to, amount)];
      let isYes = true;
      for (const vote of votes) isYes = (await vote)?.yes === true && isYes;
      if (isYes) {
        const kept = g.spawn(() => keep(transfer), { name: "log" });
        if (!bugs.lateDecision) await kept;
      }
      const outcome = isYes ? "commit" : "abort";
      tell(transfer, outcome);
      return outcome;
    };
    const keep = async (transfer: Transfer) => {
      await journal.write([transfer]);
      await journal.sync();
      committed.set(transfer.id, transfer);
    };
    /** Until both have it: who does not hear of it holds money that belongs to nobody. */
    const tell = ({ id, from, to }: Transfer, outcome: Outcome) => {
      for (const bank of [from, to]) g.spawn(() => insist(urlOf(bank), "/decide", { id, outcome }), { name: "decide" });
    };
    for (const transfer of committed.values()) tell(transfer, "commit");
    await answer(g, port, {
      transfer: async (transfer: Transfer) => {
        if (committed.has(transfer.id)) return { outcome: "commit" };
        if (open.has(transfer.id)) return { outcome: "open" };
        open.add(transfer.id);
        // In a task of the program: a client that leaves must not stop it half way. After an error of the disk it stays open, for nobody
        // knows what the next life will find.
        const outcome = await g.spawn(() => decide(transfer));
        open.delete(transfer.id);
        return { outcome };
      },
      outcome: async ({ id }: { id: string }) => {
        const outcome: Outcome = committed.has(id) ? "commit" : open.has(id) ? "open" : "abort";
        return await Promise.resolve({ outcome });
      },
    });
    await sleep(Infinity);
  }, { name: "coordinator" });
}

/** A step of a transfer at a bank. */
type Step = { readonly id: string; readonly change: number } | { readonly id: string; readonly outcome: Outcome };

/** An account with one owner, who begins with an amount. */
export class Bank {
  balance: number;
  /** What was said yes to, and is not decided. */
  readonly prepared: Map<string, number> = new Map();
  readonly decided: Map<string, Outcome> = new Map();

  constructor(balance: number) {
    this.balance = balance;
  }

  /** Is there enough, whatever becomes of what is prepared? */
  canPay(change: number): boolean {
    let least = this.balance + change;
    for (const other of this.prepared.values()) least += Math.min(other, 0);
    return change >= 0 || least >= 0;
  }

  take(step: Step): void {
    if ("change" in step) {
      this.prepared.set(step.id, step.change);
      return;
    }
    if (step.outcome === "commit") this.balance += this.prepared.get(step.id) ?? 0;
    this.prepared.delete(step.id);
    this.decided.set(step.id, step.outcome);
  }
}

/** Runs a bank. It is told the decisions, and asks for those that it waits for. */
export function runBank(
  { folder, port, bugs = {} }: Settings,
  coordinator: string,
  initial: number,
  opened: (bank: Bank) => void = () => {},
): Promise<void> {
  return group(async (g) => {
    const journal = await Journal.open<Step>(folder, "bank.log");
    const bank = new Bank(initial);
    for (const step of journal.records) bank.take(step);
    opened(bank);
    const lock = new Mutex();
    const keep = async (step: Step, sync = true) => {
      await journal.write([step]);
      if (sync) await journal.sync();
      bank.take(step);
    };
    const decide = (id: string, outcome: Outcome) =>
      lock.run(async () => {
        if (!bank.decided.has(id)) await keep({ id, outcome });
        return { ok: true };
      });
    await answer(g, port, {
      prepare: ({ id, change }: { id: string; change: number }) =>
        lock.run(async () => {
          // One that comes after its own abort must not be prepared for ever.
          if (bank.decided.has(id)) return { yes: bank.decided.get(id) === "commit" };
          if (!bank.prepared.has(id)) {
            if (!bank.canPay(change)) return { yes: false };
            await keep({ id, change }, !bugs.unsyncedYes);
          }
          return { yes: true };
        }),
      decide: ({ id, outcome }: { id: string; outcome: Outcome }) => decide(id, outcome),
      state: async () => await Promise.resolve({ balance: bank.balance, prepared: bank.prepared.size }),
    });
    for (;;) {
      await sleep(timing.again);
      for (const id of [...bank.prepared.keys()]) {
        const reply = await ask<{ outcome: Outcome }>(coordinator, "/outcome", { id }, timing.answer);
        if (reply !== undefined && reply.outcome !== "open") await decide(id, reply.outcome);
      }
    }
  }, { name: "bank" });
}

/** Asks until there is an answer; all that is asked so may be asked twice. */
export async function insist<T>(url: string, path: string, question: unknown): Promise<T> {
  for (;;) {
    const reply = await ask<T>(url, path, question, timing.answer);
    if (reply !== undefined) return reply;
    await sleep(timing.again);
  }
}

/** Answers questions; an error ends the program. */
async function answer(
  g: TaskGroup,
  port: number,
  // deno-lint-ignore no-explicit-any
  answers: Record<string, (question: any) => Promise<unknown>>,
): Promise<void> {
  await serve(async (request) => {
    const found = answers[new URL(request.url).pathname.slice(1)];
    if (found === undefined) return json({ error: "There is nothing here" }, { status: 404 });
    return json(await found(JSON.parse(await request.text())));
  }, {
    hostname: "0.0.0.0",
    port,
    drain: { grace: 0, force: 0 },
    onError: (error) => void g.spawn(() => Promise.reject(error)),
  });
}
