/**
 * The calls of one pool that have not settled, and its connection.
 *
 * @module
 */

import { randomHex } from "../../../runtime/basics/bytes.ts";
import { within } from "../../../scheduler/scopes/current_scope.ts";
import { reportUnhandled } from "../../../scheduler/scopes/unhandled.ts";
import { PoolClosedError } from "../../../scheduler/workers/mod.ts";
import type { Engine, JobQueue, Message } from "../engine/engine.ts";
import { beats, openEngine } from "../settings/remote_settings.ts";
import { buryStuck } from "../wire/dead_letters.ts";
import { besideOf, getBeside } from "../wire/large.ts";
import { type AnswerBody, type ControlBody, readAnswer, readControl, writeBody } from "../wire/messages.ts";
import { asks, type Subjects, subjectsOf } from "../wire/subjects.ts";
import { WireError } from "../wire/wire_error.ts";
import { CallWatch, isIn, missesOfLost, type Watched } from "./call_watch.ts";
import { Leftovers } from "./leftovers.ts";
import { type CallEvents, exitOf, type RemoteCall } from "./remote_call.ts";
import { CallSender, type CallsSettings, type Connected, type SentCalls } from "./call_sender.ts";
import { DeadLetterError } from "./remote_errors.ts";

/** The calls. */
export class RemoteCalls implements CallEvents, SentCalls, Watched {
  readonly settings: CallsSettings;
  readonly subjects: Subjects;
  readonly caller: string = randomHex(8);
  readonly #inbox: string;
  readonly counts = { completed: 0, failed: 0, cancelled: 0, redelivered: 0, duplicates: 0, malformed: 0, dead: 0 };
  /** Those of one id are all told; few ids have more than one. */
  readonly #calls: Map<string, RemoteCall | Set<RemoteCall>> = new Map();
  #size = 0;
  readonly #sender: CallSender = new CallSender(this);
  #lastId = 0;
  #connected: Promise<Connected> | undefined = undefined;
  /** That, once it is there. */
  #ready: Connected | undefined = undefined;
  #ackWait: number | undefined = undefined;
  readonly #watch: CallWatch = new CallWatch(this);
  readonly leftovers: Leftovers = new Leftovers();
  #onEmpty: (() => void) | undefined = undefined;
  closed: { readonly cause: unknown } | undefined = undefined;

  constructor(settings: CallsSettings) {
    this.settings = settings;
    this.subjects = subjectsOf(settings.name);
    this.#inbox = this.subjects.inbox(this.caller);
  }

  /** How often those who hold something say so, in ms: by what was asked for, until it is known how the queue is. */
  get beat(): number {
    return (this.#ackWait ?? this.settings.queue.ackWait) / beats;
  }

  get isOnce(): boolean {
    return this.settings.isOnce;
  }

  get isConnected(): boolean {
    return this.engine?.state.isConnected ?? false;
  }

  async queue(): Promise<JobQueue> {
    return (await this.connect()).queue;
  }

  ask(ids: readonly string[]): void {
    this.tell({ kind: "ask", ids });
  }

  get engine(): Engine | undefined {
    return this.#ready?.engine;
  }

  get ready(): Connected | undefined {
    return this.#ready;
  }

  /** Which life of the queue was seen last. */
  get life(): string | undefined {
    return this.#watch.life;
  }

  /** How long nothing is heard until something counts as lost, in ms. */
  get patience(): number {
    return this.beat * missesOfLost;
  }

  *all(): Iterable<RemoteCall> {
    for (const calls of this.#calls.values()) {
      if (calls instanceof Set) yield* calls;
      else yield calls;
    }
  }

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  nextId(): string {
    return `${this.caller}-${++this.#lastId}`;
  }

  closedError(): PoolClosedError {
    return new PoolClosedError(this.settings.name, this.closed?.cause);
  }

  /** The connection; made by the first who needs it. */
  connect(): Promise<Connected> {
    if (this.#connected !== undefined) return this.#connected;
    const connected = within(undefined, () => this.#connect(), undefined);
    this.#connected = connected;
    // The next call tries it anew.
    connected.catch(() => this.#connected = undefined);
    return connected;
  }

  /** Makes a call; it will settle. */
  submit(call: RemoteCall): void {
    const calls = this.#calls.get(call.id);
    if (calls === undefined) this.#calls.set(call.id, call);
    else if (calls instanceof Set) calls.add(call);
    else this.#calls.set(call.id, new Set([calls, call]));
    this.#size++;
    this.#watch.start();
    within(undefined, () => this.#sender.send(call), undefined);
  }

  /** Nobody here wants a call any more: it settles at once. */
  giveUp(call: RemoteCall, reason: unknown, isOwn = false): void {
    if (call.isSettled) return;
    if (isOwn) call.fail(reason);
    else call.reject(reason);
    if (!this.#calls.has(call.id)) this.#takeBack(call);
  }

  /** A call has settled. */
  onSettled(call: RemoteCall): void {
    const calls = this.#calls.get(call.id);
    if (calls instanceof Set) calls.delete(call);
    if (calls === call || (calls instanceof Set && calls.size === 0)) this.#calls.delete(call.id);
    this.#size--;
    if (call.attempt > 1) this.counts.redelivered++;
    if (this.#size > 0) return;
    this.#watch.stop();
    this.#onEmpty?.();
  }

  /** Do its answers go to the inbox of all calls of this pool? */
  isOwn({ body: { inbox } }: RemoteCall): boolean {
    return inbox === this.#inbox;
  }

  /** Is a call of this id wanted? */
  has(id: string): boolean {
    return this.#calls.has(id);
  }

  /** Says something to all who serve. */
  tell(body: ControlBody): void {
    this.engine?.send(this.subjects.control, writeBody(body));
  }

  /** Resolves when no call is left. */
  empty(): Promise<void> {
    return this.#calls.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onEmpty = resolve);
  }

  /** Ends the connection. */
  async end(): Promise<void> {
    const connected = await this.#connected?.catch(() => undefined);
    if (connected === undefined) return;
    const { engine, isOwn, ends } = connected;
    for (const end of ends) end();
    try {
      this.leftovers.add(this.#sender.idle());
      if (engine.state.isConnected) await this.leftovers.gone();
      // It ends also where nothing can go out any more.
      if (engine.state.isConnected) await engine.flush().catch(() => {});
    } finally {
      if (isOwn) await engine.close();
    }
  }

  async #connect(): Promise<Connected> {
    const { engine, isOwn } = await openEngine(this.settings);
    const ends: (() => void)[] = [];
    try {
      ends.push(await engine.listen(this.subjects.inbox(this.caller), (message) => this.hear(message)));
      const queue = await engine.queue(this.settings.name, this.settings.queue);
      ends.push(await queue.onExhausted((job) => void this.#exhausted(queue, job).catch(reportUnhandled)));
      await this.#watch.see(queue);
      this.#ackWait = queue.settings.ackWait;
      return this.#ready = { engine, isOwn, queue, ends };
    } catch (error) {
      for (const end of ends) end();
      if (isOwn) await engine.close().catch(reportUnhandled);
      throw error;
    }
  }

  /** Something was said to an inbox of this pool. */
  hear(message: Message): void {
    if (message.headers[asks.header] === asks.wanted) return this.#tellUnwanted(message);
    const beside = besideOf(message);
    if (beside === undefined) this.#read(message.body);
    else void this.#fetch(beside).catch(() => void this.counts.malformed++);
  }

  /** Gets an answer that lies beside its message; nobody needs it a second time, but those who call with the same key. */
  async #fetch(name: string): Promise<void> {
    const { engine } = await this.connect();
    const id = this.#read(await getBeside(engine, name));
    if (id?.startsWith(`${this.caller}-`)) this.leftovers.add(engine.objects.remove(name));
  }

  /** Reads an answer; gives the id of its call. */
  #read(bytes: Uint8Array): string | undefined {
    let answer: AnswerBody;
    try {
      answer = readAnswer(bytes, this.settings.known);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.counts.malformed++;
      return undefined;
    }
    const calls = this.#calls.get(answer.id);
    let isOfUse = false;
    if (calls instanceof Set) { for (const call of [...calls]) isOfUse = call.hear(answer) || isOfUse; }
    else if (calls !== undefined) isOfUse = calls.hear(answer);
    if (!isOfUse) this.counts.duplicates++;
    return answer.id;
  }

  /** A server asks which of the calls that it holds nobody wants any more. */
  #tellUnwanted(message: Message): void {
    try {
      const ids = readControl(message.body).ids.filter((id) => !this.#calls.has(id));
      // At the inbox of a key others may want what nobody here does: they say so themselves.
      if (ids.length > 0 && message.subject !== this.subjects.inbox(this.caller)) return;
      message.reply(writeBody({ kind: "cancel", ids }));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.counts.malformed++;
    }
  }

  #takeBack(call: RemoteCall): void {
    // Of one that has not gone out nobody knows, unless somebody else has called with its key.
    if (!call.isSent && this.isOwn(call)) return;
    this.tell({ kind: "cancel", ids: [call.id] });
    if (call.sequence !== undefined) this.#sender.remove(call);
  }

  /** A job was delivered as often as it may be, and nobody has said what became of it. */
  async #exhausted(queue: JobQueue, { sequence, attempts }: { sequence: number; attempts: number }): Promise<void> {
    for (const call of [...this.all()]) {
      if (call.sequence !== sequence || call.isSettled || !await isIn(queue, call)) continue;
      const { label, worker } = call;
      const error = exitOf(label, worker, new Error("nothing was heard of it"));
      await buryStuck(queue, sequence, { error, attempts, worker });
      this.counts.dead++;
      call.isDead = true;
      call.fail(new DeadLetterError(label, attempts, error));
    }
  }
}
