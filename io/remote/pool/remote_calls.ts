/**
 * The calls of one pool that have not settled, and its connection.
 *
 * @module
 */

import { randomHex } from "../../../runtime/basics/bytes.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { within } from "../../../scheduler/scopes/current_scope.ts";
import { reportUnhandled } from "../../../scheduler/scopes/unhandled.ts";
import { PoolClosedError, QueueFullError } from "../../../scheduler/workers/mod.ts";
import type { KnownClasses } from "../../../scheduler/workers/pool/for_machines.ts";
import { type Engine, EngineFullError, type JobQueue, type Message, NoResponderError } from "../engine/engine.ts";
import { beats, type CheckedQueue, openEngine } from "../settings/remote_settings.ts";
import { buryStuck } from "../wire/dead_letters.ts";
import { besideOf, getBeside, mostOf, type Packed, putBeside, tooLarge } from "../wire/large.ts";
import { type AnswerBody, type ControlBody, readAnswer, readControl, writeBody } from "../wire/messages.ts";
import { asks, type Subjects, subjectsOf } from "../wire/subjects.ts";
import { WireError } from "../wire/wire_error.ts";
import { CallWatch, isIn, missesOfLost, type Watched } from "./call_watch.ts";
import { KeyedInboxes } from "./keyed_inboxes.ts";
import { Leftovers } from "./leftovers.ts";
import { type CallEvents, exitOf, type RemoteCall } from "./remote_call.ts";
import { DeadLetterError, NoWorkerError } from "./remote_errors.ts";

/** How the calls of a pool are made. */
export interface CallsSettings extends CheckedQueue {
  readonly isOnce: boolean;
  readonly known: KnownClasses;
}

/** A connection, and the queue of the pool. */
export interface Connected {
  readonly engine: Engine;
  readonly isOwn: boolean;
  readonly queue: JobQueue;
  readonly ends: (() => void)[];
}

/** How long to wait before a job is published once more that may not have arrived, in ms. */
const publishAgain = 200;

/** The calls. */
export class RemoteCalls implements CallEvents, Watched {
  readonly settings: CallsSettings;
  readonly subjects: Subjects;
  readonly caller: string = randomHex(8);
  readonly counts = { completed: 0, failed: 0, cancelled: 0, duplicates: 0, malformed: 0, dead: 0 };
  /** Those of one id are all told. */
  readonly #calls: Map<string, Set<RemoteCall>> = new Map();
  readonly #keyed: KeyedInboxes = new KeyedInboxes((message) => this.#hear(message));
  #lastId = 0;
  #connected: Promise<Connected> | undefined = undefined;
  /** The connection, once it is there. */
  #engine: Engine | undefined = undefined;
  #ackWait: number | undefined = undefined;
  readonly #watch: CallWatch = new CallWatch(this);
  readonly #leftovers: Leftovers = new Leftovers();
  #onEmpty: (() => void) | undefined = undefined;
  closed: { readonly cause: unknown } | undefined = undefined;

  constructor(settings: CallsSettings) {
    this.settings = settings;
    this.subjects = subjectsOf(settings.name);
  }

  /** How often those who hold something say so, in ms: by what was asked for, until it is known how the queue is. */
  get beat(): number {
    return (this.#ackWait ?? this.settings.queue.ackWait) / beats;
  }

  get isOnce(): boolean {
    return this.settings.isOnce;
  }

  get isConnected(): boolean {
    return this.#engine?.state.isConnected ?? false;
  }

  async queue(): Promise<JobQueue> {
    return (await this.connect()).queue;
  }

  ask(ids: readonly string[]): void {
    this.tell({ kind: "ask", ids });
  }

  get engine(): Engine | undefined {
    return this.#engine;
  }

  *all(): Iterable<RemoteCall> {
    for (const calls of this.#calls.values()) yield* calls;
  }

  get size(): number {
    let size = 0;
    for (const calls of this.#calls.values()) size += calls.size;
    return size;
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
    if (calls === undefined) this.#calls.set(call.id, new Set([call]));
    else calls.add(call);
    this.#watch.start();
    within(undefined, () => {
      call.sending = (this.settings.isOnce ? this.#request(call) : this.#publish(call)).catch((error) =>
        call.fail(error)
      );
    }, undefined);
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
    calls?.delete(call);
    if (calls?.size === 0) this.#calls.delete(call.id);
    if (this.#calls.size > 0) return;
    this.#watch.stop();
    this.#onEmpty?.();
  }

  /** Says something to all who serve. */
  tell(body: ControlBody): void {
    this.#engine?.send(this.subjects.control, writeBody(body));
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
      if (engine.state.isConnected) await this.#leftovers.gone();
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
      ends.push(await engine.listen(this.subjects.inbox(this.caller), (message) => this.#hear(message)));
      const queue = await engine.queue(this.settings.name, this.settings.queue);
      ends.push(await queue.onExhausted((job) => void this.#exhausted(queue, job).catch(reportUnhandled)));
      await this.#watch.see(queue);
      this.#ackWait = queue.settings.ackWait;
      this.#engine = engine;
      return { engine, isOwn, queue, ends };
    } catch (error) {
      for (const end of ends) end();
      if (isOwn) await engine.close().catch(reportUnhandled);
      throw error;
    }
  }

  async #publish(call: RemoteCall): Promise<void> {
    const { engine, queue } = await this.connect();
    const { body, headers } = await this.#pack(call, engine);
    if (call.body.inbox !== this.subjects.inbox(this.caller)) await this.#keyed.listen(call, engine);
    const { id, priority, body: { name } } = call;
    while (!call.isSettled) {
      try {
        const { isDuplicate, sequence } = await queue.publish({ id, name, priority, headers, body });
        call.sequence = sequence;
        call.life = this.#watch.life;
        // It may be over by now, and its answer have gone to whoever was first.
        if (isDuplicate) this.tell({ kind: "ask", ids: [id] });
        if (call.isSettled && !this.#calls.has(id)) await this.#remove(call, queue);
        return;
      } catch (error) {
        if (call.isSettled) return;
        if (error instanceof EngineFullError) throw new QueueFullError(this.settings.name, this.settings.queue.limit);
        // What was not answered may have arrived: the id tells.
        if ((error as Error).name !== "TimeoutError" && engine.state.isConnected) throw error;
        await new Promise<void>((resolve) => void loop().timers.setTimer(resolve, publishAgain, { real: true }));
      }
    }
  }

  async #request(call: RemoteCall): Promise<void> {
    const { engine } = await this.connect();
    const { body, headers } = await this.#pack(call, engine);
    if (call.isSettled) return;
    const controller = new AbortController();
    call.whenSettled(() => controller.abort());
    const { name } = this.settings;
    const options = {
      headers: { ...headers, priority: call.priority },
      signal: controller.signal,
      timeout: this.beat * missesOfLost,
    };
    let answer: Message;
    try {
      answer = await engine.request(this.subjects.call, body, options);
    } catch (error) {
      if (call.isSettled) return;
      if (error instanceof NoResponderError) throw new NoWorkerError(name, call.label);
      throw (error as Error).name === "TimeoutError" ? exitOf(call.label, call.worker, error) : error;
    }
    this.#hear(answer);
  }

  /** What goes in the message of a call. */
  async #pack(call: RemoteCall, engine: Engine): Promise<Packed> {
    const { bytes, id, label } = call;
    if (bytes.length <= mostOf(engine)) return { body: bytes, headers: {} };
    if (!this.settings.isLarge) throw tooLarge(`The arguments of ${label} are`, bytes, engine);
    const packed = await putBeside(engine, `call.${id}`, bytes);
    // Those of a dead letter stay.
    call.whenSettled(() => {
      if (!call.isDead) this.#leftovers.add(engine.objects.remove(`call.${id}`));
    });
    return packed;
  }

  #hear(message: Message): void {
    if (message.headers[asks.header] === asks.wanted) return this.#tellUnwanted(message);
    const beside = besideOf(message.headers);
    if (beside === undefined) this.#read(message.body);
    else void this.#fetch(beside).catch(() => void this.counts.malformed++);
  }

  /** Gets an answer that lies beside its message; nobody needs it a second time, but those who call with the same key. */
  async #fetch(name: string): Promise<void> {
    const { engine } = await this.connect();
    const id = this.#read(await getBeside(engine, name));
    if (id?.startsWith(`${this.caller}-`)) this.#leftovers.add(engine.objects.remove(name));
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
    for (const call of [...calls ?? []]) isOfUse = call.hear(answer) || isOfUse;
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
    const { id, sequence } = call;
    this.tell({ kind: "cancel", ids: [id] });
    // Whoever publishes it at this moment takes it back.
    if (sequence === undefined) return this.#leftovers.add(call.sending);
    this.#leftovers.add(this.connect().then(({ queue }) => this.#remove(call, queue)));
  }

  async #remove(call: RemoteCall, queue: JobQueue): Promise<void> {
    if (await isIn(queue, call)) await queue.remove(call.sequence!);
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
