/**
 * Calls on their way out: into the queue, or to somebody who serves at this moment.
 *
 * @module
 */

import type { KnownClasses } from "../../../scheduler/workers/pool/for_machines.ts";
import { type Engine, EngineFullError, type JobQueue, type Message, NoResponderError } from "../engine/engine.ts";
import { pause } from "../engine/pause.ts";
import type { CheckedQueue } from "../settings/remote_settings.ts";
import { mostOf, type Packed, putBeside, tooLarge } from "../wire/large.ts";
import type { ControlBody } from "../wire/messages.ts";
import type { Subjects } from "../wire/subjects.ts";
import { isIn } from "./call_watch.ts";
import { KeyedInboxes } from "./keyed_inboxes.ts";
import type { Leftovers } from "./leftovers.ts";
import { exitOf, type RemoteCall } from "./remote_call.ts";
import { NoWorkerError, publishError } from "./remote_errors.ts";
import { Window } from "./window.ts";

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

/** How many jobs are published at a time, and how many are removed. */
const atOnce = 256;
/** How long to wait before a job is published once more that may not have arrived, in ms. */
const publishAgain = 200;
/** What is left of the bytes of a call once they are stored. */
const stored = new Uint8Array(0);

/** The calls of a pool, as far as they are sent. */
export interface SentCalls {
  readonly settings: CallsSettings;
  readonly subjects: Subjects;
  /** How long nothing is heard until something counts as lost, in ms. */
  readonly patience: number;
  /** Which life of the queue was seen last. */
  readonly life: string | undefined;
  /** What is taken back of calls that are over. */
  readonly leftovers: Leftovers;
  /** The connection, if it is there. */
  readonly ready: Connected | undefined;
  /** The connection; made by the first who needs it. */
  connect(): Promise<Connected>;
  /** Is a call of this id wanted? */
  has(id: string): boolean;
  /** Do its answers go to the inbox of all calls of this pool? */
  isOwn(call: RemoteCall): boolean;
  /** Says something to all who serve. */
  tell(body: ControlBody): void;
  /** Something was said to an inbox of this pool. */
  hear(message: Message): void;
}

/** Sends the calls of a pool. */
export class CallSender {
  readonly #calls: SentCalls;
  readonly #keyed: KeyedInboxes;
  readonly #publishes: Window<RemoteCall> = new Window(
    atOnce,
    (call) => this.#publish(call).catch((error) => call.fail(error)),
  );
  /** If one fails, the job is taken by somebody who has been told. */
  readonly #removals: Window<RemoteCall> = new Window(
    atOnce,
    (call) => this.#calls.connect().then(({ queue }) => removeFrom(queue, call)).catch(() => {}),
  );

  constructor(calls: SentCalls) {
    this.#calls = calls;
    this.#keyed = new KeyedInboxes((message) => calls.hear(message));
  }

  /** Sends a call; it settles with an error where it cannot be sent. */
  send(call: RemoteCall): void {
    if (!this.#calls.settings.isOnce) this.#publishes.add(call);
    else this.#request(call).catch((error) => call.fail(error));
  }

  /** Resolves when nothing is being published any more, and nothing removed. */
  async idle(): Promise<void> {
    await this.#publishes.idle();
    await this.#removals.idle();
  }

  /** Takes a job out of its place in the queue. */
  remove(call: RemoteCall): void {
    this.#removals.add(call);
  }

  async #publish(call: RemoteCall): Promise<void> {
    // Whoever gave it up while it waited here has given up all of it.
    if (call.isSettled) return;
    const { engine, queue } = this.#calls.ready ?? await this.#calls.connect();
    const packed = this.#pack(call, engine);
    const { body, headers } = packed instanceof Promise ? await packed : packed;
    if (!this.#calls.isOwn(call)) await this.#keyed.listen(call, engine);
    const { id, priority, body: { name } } = call;
    while (!call.isSettled) {
      try {
        call.isSent = true;
        const { isDuplicate, sequence } = await queue.publish({ id, name, priority, headers, body });
        call.sequence = sequence;
        call.life = this.#calls.life;
        call.bytes = stored;
        // It may be over by now, and its answer have gone to whoever was first.
        if (isDuplicate) this.#calls.tell({ kind: "ask", ids: [id] });
        // Whoever has answered it takes it out; the answer is often sooner than the word that it was stored.
        if (call.isSettled && !call.isAnswered && !this.#calls.has(id)) this.#removals.add(call);
        return;
      } catch (error) {
        if (call.isSettled) return;
        if (error instanceof EngineFullError) throw publishError(error, this.#calls.settings.name, queue);
        // What was not answered may have arrived: the id tells.
        if ((error as Error).name !== "TimeoutError" && engine.state.isConnected) throw error;
        await pause(publishAgain);
      }
    }
  }

  async #request(call: RemoteCall): Promise<void> {
    const { engine } = await this.#calls.connect();
    const packed = this.#pack(call, engine);
    const { body, headers } = packed instanceof Promise ? await packed : packed;
    if (call.isSettled) return;
    const controller = new AbortController();
    call.whenSettled(() => controller.abort());
    const { name } = this.#calls.settings;
    const options = {
      headers: { ...headers, priority: call.priority },
      signal: controller.signal,
      timeout: this.#calls.patience,
    };
    let answer: Message;
    try {
      call.isSent = true;
      answer = await engine.request(this.#calls.subjects.call, body, options);
    } catch (error) {
      if (call.isSettled) return;
      if (error instanceof NoResponderError) throw new NoWorkerError(name, call.label);
      throw (error as Error).name === "TimeoutError" ? exitOf(call.label, call.worker, error) : error;
    }
    this.#calls.hear(answer);
  }

  /** What goes in the message of a call; a promise where a part of it goes elsewhere before. */
  #pack(call: RemoteCall, engine: Engine): Packed | Promise<Packed> {
    const { bytes } = call;
    return bytes.length <= mostOf(engine) ? { body: bytes, headers: {} } : this.#packBeside(call, engine);
  }

  async #packBeside(call: RemoteCall, engine: Engine): Promise<Packed> {
    const { bytes, id, label } = call;
    if (!this.#calls.settings.isLarge) throw tooLarge(`The arguments of ${label} are`, bytes, engine);
    const packed = await putBeside(engine, `call.${id}`, bytes);
    // Those of a dead letter stay.
    call.whenSettled(() => {
      if (!call.isDead) this.#calls.leftovers.add(engine.objects.remove(`call.${id}`));
    });
    return packed;
  }
}

/** Takes a job out of its place, if that is its own still. */
async function removeFrom(queue: JobQueue, call: RemoteCall): Promise<void> {
  if (await isIn(queue, call)) await queue.remove(call.sequence!);
}
