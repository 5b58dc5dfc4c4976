/**
 * A replicated key-value store of two nodes: a primary that serves clients, and a backup that has all the primary answers for. A third
 * program, the watcher, says who is what, in views with numbers; it has no data, and nobody decides for himself that another one is dead.
 *
 * ```
 *                      ┌── the backup is silent, or cut off ──> primary alone ── a node is there ──┐
 *   primary + backup ──┤                                                                           ├──> primary + backup
 *                      └── the primary is silent ──> the backup is primary, alone ─────────────────┘
 * ```
 *
 * - The watcher makes the backup primary only when the primary of that view has said that the backup has all there is.
 * - A primary that was replaced and does not know it asks its backup, for each write and each read: that one refuses once it knows better,
 *   and before it knows, it serves nobody.
 * - All is on the disk before it is answered for. A primary that is back before it was missed goes on with what it finds there.
 */

import { json, serve } from "../../io/mod.ts";
import { group, Mutex, sleep, type TaskGroup } from "../../mod.ts";
import type { Bugs } from "./bugs.ts";
import { Journal } from "./journal.ts";
import { type Answer, ask, type ClientRequest, type NodeOptions, type Result } from "./protocol.ts";
import { type Entry, NodeMemory } from "./node_memory.ts";
import { Store } from "./store.ts";

/** Who is what. */
export interface View {
  readonly number: number;
  readonly primary: string;
  readonly backup?: string | undefined;
}

/** What nodes tell the watcher again and again. */
interface Ping {
  readonly name: string;
  /** The latest view in which this primary has a backup that has everything, or needs none. */
  readonly complete: number;
  /** The primary does not reach its backup. */
  readonly alone: boolean;
}

interface Forward {
  readonly view: number;
  /** How many entries come before these. */
  readonly before: number;
  readonly entries: readonly Entry[];
}

/** In ms. */
const timing = { ping: 40, answer: 120, silence: 250 };

/** The name of the watcher among the members. */
export const watcher = "watcher";

/** Says who is what. Its views are on the disk before anybody hears of them. */
export function runWatcher(options: NodeOptions<void>): Promise<void> {
  return group(async (g) => {
    const journal = await Journal.open<View>(options.folder, "views.log");
    g.defer(() => journal.close());
    let view = journal.records.at(-1) ?? { number: 0, primary: "" };
    let complete = 0;
    const heard = new Map<string, number>();
    const started = performance.now();
    const lock = new Mutex();
    const isAlive = (name: string) => performance.now() - (heard.get(name) ?? started) < timing.silence;

    const next = ({ name, alone }: Ping): Omit<View, "number"> | undefined => {
      const { number, primary, backup } = view;
      if (number === 0) return { primary: name };
      if (backup === undefined) return name === primary ? undefined : { primary, backup: name };
      // A backup that does not have everything is none yet.
      if (!isAlive(primary) && complete === number) return { primary: backup };
      return !isAlive(backup) || name === primary && alone ? { primary } : undefined;
    };
    await listen(options, g, async (_, ping: Ping) =>
      await lock.run(async () => {
        heard.set(ping.name, performance.now());
        if (ping.name === view.primary) complete = Math.max(complete, ping.complete);
        const change = next(ping);
        if (change !== undefined) {
          const changed = { number: view.number + 1, ...change };
          await journal.write([changed]);
          await journal.sync();
          view = changed;
        }
        return view;
      }));
    options.onOpen?.();
    await sleep(Infinity);
  }, { name: options.name });
}

export class PairNode {
  readonly name: string;
  view: View = { number: 0, primary: "" };
  /** How much of the log is done: the backup has it, or there is none. */
  commit = 0;
  readonly #options: NodeOptions<PairNode>;
  readonly #memory: NodeMemory;
  readonly #group: TaskGroup;
  readonly #store = new Store();
  /** What the backup of this view has for certain; `undefined` before it has said anything. */
  #backupHas: number | undefined = undefined;
  /** When the other node was last heard of. */
  #heard = performance.now();

  private constructor(options: NodeOptions<PairNode>, memory: NodeMemory, g: TaskGroup) {
    this.name = options.name;
    this.#options = options;
    this.#memory = memory;
    this.#group = g;
  }

  /** Runs a node until it is cancelled, or its disk fails. */
  static run(options: NodeOptions<PairNode>): Promise<void> {
    return group(async (g) => {
      const memory = await NodeMemory.open(options.folder);
      g.defer(() => memory.close());
      const node = new PairNode(options, memory, g);
      await listen(options, g, (path, question) => node.#serve(path, question));
      options.onOpen?.(node);
      g.spawn(() => node.#feed(), { name: "feed the backup" });
      await node.#listenToWatcher();
    }, { name: options.name });
  }

  get log(): readonly Entry[] {
    return this.#memory.log;
  }

  get term(): number {
    return this.view.number;
  }

  get role(): string {
    return this.#isComplete ? "leader" : "follower";
  }

  #serve(path: string, question: unknown): Promise<unknown> {
    return path === "/forward" ? this.#onForward(question as Forward) : this.#answer(question as ClientRequest);
  }

  // Views.

  async #listenToWatcher(): Promise<never> {
    for (;;) {
      const isPrimary = this.view.primary === this.name;
      const ping: Ping = {
        name: this.name,
        complete: this.#isComplete ? this.view.number : 0,
        alone: isPrimary && performance.now() - this.#heard > timing.silence,
      };
      const view = await ask<View>(this.#options.members[watcher]!, "/ping", ping, timing.answer);
      if (view !== undefined) this.#enter(view);
      const silence = performance.now() - this.#heard;
      if (this.#bugs.splitBrain && this.view.backup === this.name && silence > timing.silence) {
        this.#enter({ number: this.view.number + 1, primary: this.name });
      }
      await sleep(timing.ping);
    }
  }

  #enter(view: View): void {
    if (view.number <= this.view.number) return;
    this.view = view;
    this.#backupHas = undefined;
    this.#heard = performance.now();
    // All that it has: what was answered for is among it, and what was not yet may be done or not.
    if (view.primary === this.name && view.backup === undefined) this.#commitUpTo(this.log.length);
  }

  /** Is this the primary, and has its backup, if there is one, all that there is? */
  get #isComplete(): boolean {
    return this.view.primary === this.name && (this.view.backup === undefined || this.#backupHas !== undefined);
  }

  // The primary and its backup.

  /** Brings the backup up to date, and lets both know that the other one is there. */
  async #feed(): Promise<never> {
    for (;;) {
      if (this.view.primary === this.name) this.#group.spawn(() => this.#forward(), { name: "forward" });
      await sleep(timing.ping);
    }
  }

  /** Hands the backup what it does not have. Does it have everything, and take us for the primary? */
  async #forward(): Promise<boolean> {
    const { view, log } = this;
    if (view.primary !== this.name) return false;
    if (view.backup === undefined) return true;
    // Only what is on the disk here: after a restart in this view another entry could come in the place of one that only the backup has.
    const length = this.#memory.synced;
    const before = this.#backupHas ?? 0;
    const question: Forward = { view: view.number, before, entries: log.slice(before, length) };
    const reply = await ask<{ ok: boolean }>(this.#options.members[view.backup]!, "/forward", question, timing.answer);
    if (reply?.ok !== true || this.view !== view) return false;
    this.#heard = performance.now();
    this.#backupHas = Math.max(this.#backupHas ?? 0, length);
    this.#commitUpTo(this.#backupHas);
    return true;
  }

  #onForward({ view, before, entries }: Forward): Promise<{ ok: boolean }> {
    return this.#memory.alone(async () => {
      const { number, backup } = this.view;
      if (view !== number || backup !== this.name || before > this.log.length) return { ok: false };
      entries.forEach((entry, at) => {
        // A late one may be shorter than one that has overtaken it.
        const index = before + at + 1;
        if (this.#memory.termAt(index) !== entry.term) this.#memory.put(index, entry);
      });
      await this.#memory.keep();
      // The watcher may have said meanwhile that we are the primary.
      if (this.view.number !== view) return { ok: false };
      this.#heard = performance.now();
      this.#commitUpTo(before + entries.length);
      return { ok: true };
    });
  }

  #commitUpTo(index: number): void {
    while (this.commit < index) this.#store.apply(this.log[this.commit++]!.request!);
  }

  // Clients.

  async #answer(request: ClientRequest): Promise<Answer> {
    if (!this.#isComplete) return { kind: "elsewhere", node: this.#otherPrimary };
    if (request.op !== "get") return await this.#write(request);
    if (!this.#bugs.staleRead && !await this.#forward()) return { kind: "unknown" };
    return { kind: "done", result: { value: this.#store.get(request.key) } };
  }

  async #write(request: ClientRequest): Promise<Answer> {
    const memory = this.#memory;
    const { view } = this;
    const index = await memory.alone(async () => {
      if (this.view !== view) return 0;
      memory.put(this.log.length + 1, { term: view.number, request });
      await memory.keep();
      return this.log.length;
    });
    if (index === 0) return { kind: "elsewhere", node: this.#otherPrimary };
    const done = (result: Result): Answer => ({ kind: "done", result });
    if (this.#bugs.lostAck && request.op !== "cas") return done({ ok: true });
    if (!await this.#forward()) return { kind: "unknown" };
    // Alone there is nobody to wait for.
    if (view.backup === undefined) this.#commitUpTo(index);
    // It was done when the entry was: asking again gives what came of it.
    return this.commit >= index && this.view === view ? done(this.#store.apply(request)) : { kind: "unknown" };
  }

  get #otherPrimary(): string | undefined {
    const { primary } = this.view;
    return primary === this.name || primary === "" ? undefined : primary;
  }

  get #bugs(): Bugs {
    return this.#options.bugs ?? {};
  }
}

/** Answers questions in JSON; an error ends the program. */
async function listen<N>(
  { members, name, hostname }: NodeOptions<N>,
  g: TaskGroup,
  // deno-lint-ignore no-explicit-any
  answer: (path: string, question: any) => Promise<unknown>,
): Promise<void> {
  const { hostname: own, port } = new URL(members[name]!);
  await serve(async (request) => json(await answer(new URL(request.url).pathname, JSON.parse(await request.text()))), {
    hostname: hostname ?? own,
    port: Number(port),
    drain: { grace: 0, force: 0 },
    onError: (error) => void g.spawn(() => Promise.reject(error)),
  });
}
