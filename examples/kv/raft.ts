/**
 * A replicated key-value store by Raft: a write is answered when a majority has it on the disk. There are neither changes of the members
 * nor snapshots.
 *
 * ```
 *                hears nobody: a new term             a majority votes for it
 *   ┌──────────┐ ───────────────────────> ┌───────────┐ ────────────────> ┌────────┐
 *   │ follower │                          │ candidate │ ──┐               │ leader │
 *   └──────────┘ <─────────────────────── └───────────┘ <─┘               └────────┘
 *        ^          an append of its term       │    nobody has won: a new term │
 *        └─────────── a higher term is seen ────┴───────────────────────────────┘
 * ```
 *
 * Term, vote and log are `NodeMemory`: they change under its lock, and are on the disk when that is left. All else, the commit index above
 * all, is made anew in each life of a node, and changes between two awaits.
 */

import { json, serve } from "../../io/mod.ts";
import { group, interruptible, moveOnAfter, sleep, type TaskGroup, Watch } from "../../mod.ts";
import type { Bugs } from "./bugs.ts";
import { agreed, type Answer, ask, type ClientRequest, type NodeOptions, type Result } from "./protocol.ts";
import { type Entry, NodeMemory } from "./node_memory.ts";
import type { Append, Appended, Vote, VoteRequest } from "./raft_messages.ts";
import { Store } from "./store.ts";

/** In ms. */
export const timing = { heartbeat: 40, electionLeast: 150, electionSpread: 150, answer: 120, recently: 500 };

export class RaftNode {
  readonly name: string;
  role: "follower" | "candidate" | "leader" = "follower";
  /** Up to here a majority has the log, and it stays so. All of that is in the store. */
  commit = 0;

  readonly #options: NodeOptions<RaftNode>;
  readonly #others: readonly string[];
  readonly #store = new Store();
  readonly #memory: NodeMemory;
  readonly #group: TaskGroup;

  #leader: string | undefined = undefined;
  /** When a leader was heard of, or a candidate that has our vote. */
  #heard = 0;
  /** When each other member has answered last. */
  readonly #answered = new Map<string, number>();
  /** Of a leader: up to where each other member has its log for certain, and from where to send it. */
  readonly #matching = new Map<string, number>();
  readonly #next = new Map<string, number>();
  /** Of a leader: who waits for what will come of the request at an index. */
  readonly #waiting = new Map<number, (result: Result | undefined) => void>();
  /** The log of the leader has grown. */
  readonly #grown = new Watch(undefined);
  /** The commit index, or the role, has changed. */
  readonly #moved = new Watch(undefined);

  private constructor(options: NodeOptions<RaftNode>, memory: NodeMemory, g: TaskGroup) {
    this.name = options.name;
    this.#options = options;
    this.#others = Object.keys(options.members).filter((each) => each !== options.name);
    this.#memory = memory;
    this.#group = g;
  }

  /** Runs a node until it is cancelled. An error of the disk is the end of it: what it says would be no longer true. */
  static run(options: NodeOptions<RaftNode>): Promise<void> {
    return group(async (g) => {
      const memory = await NodeMemory.open(options.folder);
      g.defer(() => memory.close());
      const node = new RaftNode(options, memory, g);
      const { hostname, port } = new URL(options.members[options.name]!);
      await serve((request) => node.#serve(request), {
        hostname: options.hostname ?? hostname,
        port: Number(port),
        drain: { grace: 0, force: 0 },
        onError: (error) => void g.spawn(() => Promise.reject(error)),
      });
      options.onOpen?.(node);
      await node.#watchLeader();
    }, { name: options.name });
  }

  get term(): number {
    return this.#memory.term;
  }

  get log(): readonly Entry[] {
    return this.#memory.log;
  }

  async #serve(request: Request): Promise<Response> {
    const question = JSON.parse(await request.text());
    switch (new URL(request.url).pathname) {
      case "/vote":
        return json(await this.#vote(question));
      case "/append":
        return json(await this.#append(question));
      case "/kv":
        return json(await this.#answer(question));
      case "/status":
        return json({ name: this.name, role: this.role, term: this.term, commit: this.commit });
      default:
        return json({ error: "There are /kv, /vote, /append and /status" }, { status: 404 });
    }
  }

  // Elections.

  async #watchLeader(): Promise<never> {
    this.#heard = performance.now();
    for (;;) {
      const patience = timing.electionLeast + Math.random() * timing.electionSpread;
      for (let left = patience; left > 0; left = this.#heard + patience - performance.now()) await sleep(left);
      if (this.role !== "leader") this.#group.spawn(() => this.#campaign(), { name: "campaign" });
      this.#heard = performance.now();
    }
  }

  async #campaign(): Promise<void> {
    const memory = this.#memory;
    const question = await memory.alone(async (): Promise<VoteRequest> => {
      this.#enter(memory.term + 1, "candidate");
      memory.voteFor(this.name);
      await memory.keep();
      const lastIndex = memory.log.length;
      return { term: memory.term, candidate: this.name, lastIndex, lastTerm: memory.termAt(lastIndex) };
    });
    const votes = this.#others.map((other) => this.#group.spawn(() => this.#askForVote(other, question)));
    if (!await agreed(votes, this.#majority() - 1)) return;
    await memory.alone(() => this.role === "candidate" && this.term === question.term ? this.#lead() : undefined);
  }

  /** Asks until there is an answer, or it is too late: the other one may just be starting. */
  async #askForVote(other: string, question: VoteRequest): Promise<boolean> {
    while (this.role === "candidate" && this.term === question.term) {
      const reply = await this.#ask<Vote>(other, "/vote", question);
      if (reply !== undefined) return reply.granted;
      await sleep(timing.heartbeat);
    }
    return false;
  }

  #vote({ term, candidate, lastIndex, lastTerm }: VoteRequest): Promise<Vote> {
    const memory = this.#memory;
    return memory.alone(async () => {
      if (term > this.term) this.#enter(term, "follower");
      const isFree = memory.vote === undefined || memory.vote === candidate || this.#bugs.doubleVote === true;
      // A log that is as new as a majority's has all that is committed.
      const [ownIndex, ownTerm] = [memory.log.length, memory.termAt(memory.log.length)];
      const isAsNew = lastTerm > ownTerm || lastTerm === ownTerm && lastIndex >= ownIndex;
      const granted = term === this.term && isFree && isAsNew;
      if (granted) {
        memory.voteFor(candidate);
        this.#heard = performance.now();
      }
      await memory.keep({ sync: !this.#bugs.unsyncedVote });
      return { term: this.term, granted };
    });
  }

  /** Begins to lead; under the lock. */
  async #lead(): Promise<void> {
    this.role = "leader";
    this.#leader = this.name;
    this.#options.onLead?.(this.term);
    const { term, length } = { term: this.term, length: this.log.length };
    for (const other of this.#others) {
      this.#matching.set(other, 0);
      this.#next.set(other, length);
    }
    // An entry of an earlier term is committed only with one of this term on top of it.
    await this.#push({ term });
    for (const other of this.#others) this.#group.spawn(() => this.#feed(other, term), { name: `feed ${other}` });
  }

  /** Enters a term, or another role in it; under the lock. */
  #enter(term: number, role: "follower" | "candidate"): void {
    this.#memory.enter(term);
    this.role = role;
    this.#leader = undefined;
    // What becomes of their requests is for the next leader to say.
    for (const tell of this.#waiting.values()) tell(undefined);
    this.#waiting.clear();
    this.#moved.set(undefined);
  }

  // Replication.

  /** Adds an entry to the leader's log; under the lock. */
  async #push(entry: Entry): Promise<void> {
    this.#memory.put(this.log.length + 1, entry);
    await this.#memory.keep();
    this.#grown.set(undefined);
    this.#commitWhatMostHave();
  }

  /** Sends a follower what is new, else heartbeats. A slow answer holds up nothing: what is sent twice does no harm. */
  async #feed(other: string, term: number): Promise<void> {
    while (this.#leads(term)) {
      this.#group.spawn(() => this.#sendTo(other, term), { name: `append to ${other}` });
      await moveOnAfter(timing.heartbeat, () => this.#grown.changed());
    }
  }

  /** Sends a follower what it does not have. Does it take us for the leader? */
  async #sendTo(other: string, term: number): Promise<boolean> {
    if (!this.#leads(term)) return false;
    const before = this.#next.get(other)!;
    const question: Append = {
      term,
      leader: this.name,
      before,
      beforeTerm: this.#memory.termAt(before),
      entries: this.log.slice(before),
      commit: this.commit,
    };
    const reply = await this.#ask<Appended>(other, "/append", question);
    if (reply === undefined || reply.term !== term || !this.#leads(term)) return false;
    const matching = Math.max(this.#matching.get(other)!, reply.ok ? reply.index : 0);
    this.#matching.set(other, matching);
    this.#next.set(other, reply.ok ? matching : Math.max(matching, reply.index));
    this.#commitWhatMostHave();
    return true;
  }

  #append({ term, leader, before, beforeTerm, entries, commit }: Append): Promise<Appended> {
    const memory = this.#memory;
    return memory.alone(async () => {
      if (term < this.term) return { term: this.term, ok: false, index: 0 };
      if (term > this.term || this.role === "candidate") this.#enter(term, "follower");
      this.#leader = leader;
      this.#heard = performance.now();
      const isKnown = before <= this.log.length && memory.termAt(before) === beforeTerm;
      if (isKnown) {
        if (this.#bugs.logTruncation) memory.log.length = before;
        entries.forEach((entry, at) => {
          // What is there already stays, with all behind it: a late append may be shorter than one that has overtaken it.
          const index = before + at + 1;
          if (memory.termAt(index) !== entry.term) memory.put(index, entry);
        });
      }
      await memory.keep();
      if (!isKnown) return { term, ok: false, index: Math.min(before - 1, this.log.length) };
      const index = before + entries.length;
      this.#commitUpTo(Math.min(commit, index));
      return { term, ok: true, index };
    });
  }

  #commitWhatMostHave(): void {
    const lengths = [this.#memory.synced, ...this.#matching.values()].sort((a, b) => b - a);
    const index = lengths[this.#majority() - 1]!;
    if (this.#memory.termAt(index) === this.term) this.#commitUpTo(index);
  }

  #commitUpTo(index: number): void {
    if (index <= this.commit) return;
    while (this.commit < index) {
      const { request } = this.log[this.commit++]!;
      const result = request === undefined ? {} : this.#store.apply(request);
      this.#waiting.get(this.commit)?.(result);
      this.#waiting.delete(this.commit);
    }
    this.#moved.set(undefined);
  }

  // Clients.

  async #answer(request: ClientRequest): Promise<Answer> {
    if (this.role !== "leader") return { kind: "elsewhere", node: this.#leader };
    return request.op === "get" ? await this.#read(request.key) : await this.#write(request);
  }

  async #write(request: ClientRequest): Promise<Answer> {
    let tell!: (result: Result | undefined) => void;
    const told = new Promise<Result | undefined>((resolve) => tell = resolve);
    const isTaken = await this.#memory.alone(async () => {
      if (this.role !== "leader") return false;
      this.#waiting.set(this.log.length + 1, tell);
      await this.#push({ term: this.term, request });
      return true;
    });
    if (!isTaken) return { kind: "elsewhere", node: this.#leader };
    if (this.#bugs.lostAck && request.op !== "cas") return { kind: "done", result: { ok: true } };
    const result = await interruptible(told);
    return result === undefined ? { kind: "unknown" } : { kind: "done", result };
  }

  async #read(key: string): Promise<Answer> {
    const { term } = this;
    if (!this.#bugs.staleRead) {
      // What earlier leaders have answered for is committed here once something of this term is.
      await this.#moved.waitFor(() => this.#memory.termAt(this.commit) === term || !this.#leads(term));
      // If most take us for the leader after the read was asked for, nobody else has answered a write before that.
      const rounds = this.#others.map((other) => this.#group.spawn(() => this.#sendTo(other, term)));
      if (!await agreed(rounds, this.#majority() - 1)) return { kind: "unknown" };
    }
    return { kind: "done", result: { value: this.#store.get(key) } };
  }

  // What all of these need.

  async #ask<T extends { readonly term: number }>(
    other: string,
    path: string,
    question: unknown,
  ): Promise<T | undefined> {
    const reply = await ask<T>(this.#options.members[other]!, path, question, timing.answer);
    if (reply === undefined) return undefined;
    this.#answered.set(other, performance.now());
    if (reply.term > this.term) {
      const memory = this.#memory;
      await memory.alone(() => {
        if (reply.term > this.term) this.#enter(reply.term, "follower");
        return memory.keep();
      });
    }
    return reply;
  }

  #leads(term: number): boolean {
    return this.role === "leader" && this.term === term;
  }

  #majority(): number {
    let { length } = this.#others;
    if (this.#bugs.splitBrain) {
      const since = performance.now() - timing.recently;
      length = this.#others.filter((other) => (this.#answered.get(other) ?? since) >= since).length;
    }
    return Math.floor((length + 1) / 2) + 1;
  }

  get #bugs(): Bugs {
    return this.#options.bugs ?? {};
  }
}
