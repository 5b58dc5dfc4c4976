/**
 * A connection that is lost and found again, and what is done when it is.
 *
 * ```
 *   connected ──disconnect──> lost ──reconnect──> restoring ──each restorer has run──> connected
 * ```
 *
 * What asks the server for something durable goes through `persist`: it waits while the connection is lost, and repeats what got no answer.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import { TimeoutError } from "../../../scheduler/scopes/errors.ts";
import { NoResponderError } from "../engine/engine.ts";
import type { NatsConnection, NatsHeaders } from "./connection.ts";
import { pause } from "../engine/pause.ts";
import { ConnectionLostError, Requests } from "./requests.ts";

/** How long one try waits for its answer, in ms, and how long the next one waits for its turn. */
const tryTime = 2000;
const tryPause = 100;

/** How something is tried. */
export interface PersistOptions {
  /** Makes again what has gone, where nobody answers. */
  readonly remake?: () => Promise<unknown>;
  /** Is it part of what is done when the connection is found, and does not wait for the rest of that? */
  readonly isRestorer?: boolean;
}

/** A connection of an engine. */
export class Link {
  readonly connection: NatsConnection;
  readonly makeHeaders: () => NatsHeaders;
  readonly requests: Requests;
  readonly inbox: string;
  reconnects = 0;
  isConnected = true;
  isClosed = false;
  /** What is made again after the connection was found. */
  readonly restorers: Set<() => Promise<unknown>> = new Set();
  /** What stops at once as the connection is lost. */
  readonly stoppers: Set<() => void> = new Set();
  #connected: Gate = new Gate();
  #restored: Gate = new Gate();
  /** The how many-th connection it is that is restored: a restoration that was overtaken says nothing. */
  #epoch = 0;

  constructor(connection: NatsConnection, makeHeaders: () => NatsHeaders, inboxPrefix: string) {
    this.connection = connection;
    this.makeHeaders = makeHeaders;
    this.inbox = `${inboxPrefix}.${crypto.randomUUID()}`;
    this.requests = new Requests(connection, `${this.inbox}.r`);
    this.#connected.open();
    this.#restored.open();
    void this.#watch();
  }

  async #watch(): Promise<void> {
    for await (const { type, error } of this.connection.status()) {
      if (this.isClosed) return;
      if (type === "disconnect" && this.isConnected) this.#lost();
      else if (type === "reconnect" && !this.isConnected) this.#found();
      else if (type === "error") this.#denied(error);
    }
    this.isConnected = false;
    this.requests.failAll(() => new Error("The connection to the server was closed"));
    this.#connected.open();
    this.#restored.open();
  }

  #lost(): void {
    this.isConnected = false;
    this.#epoch++;
    this.#connected = new Gate();
    if (this.#restored.isOpen) this.#restored = new Gate();
    this.requests.lost();
    for (const stop of this.stoppers) stop();
  }

  #found(): void {
    this.isConnected = true;
    this.reconnects++;
    this.#connected.open();
    void this.#restore();
  }

  /** The first restorers make what all others need; none of them rejects for ever, since each goes on until the connection is lost again. */
  async #restore(): Promise<void> {
    const epoch = this.#epoch;
    await Promise.allSettled([...this.restorers].map((restore) => restore()));
    if (epoch === this.#epoch) this.#restored.open();
  }

  /** A question on a subject that is not ours is never answered: the server only says so on the side. */
  #denied(error: unknown): void {
    const { operation, subject } = error as { operation?: string; subject?: string };
    if (operation === "publish" && subject !== undefined) this.requests.denied(subject, error);
  }

  /** Nothing is tried any more. */
  close(): void {
    this.isClosed = true;
    this.requests.close();
    this.#connected.open();
    this.#restored.open();
  }

  /** Is there no sense in any further try? */
  get isOver(): boolean {
    return this.isClosed || this.connection.isClosed();
  }

  /** Resolves when all is there again, after half a minute at the latest. */
  async whenRestored(): Promise<void> {
    if (!this.#restored.isOpen) await this.#restored.opens(30_000);
  }

  /**
   * Tries until there is an answer, for at most `deadline` ms: a try is repeated where its answer may have been lost, and where nobody
   * answers, after `remake` has run. What is tried has to be the same if it is done twice.
   */
  persist<T>(
    what: string,
    deadline: number,
    attempt: (timeout: number) => Promise<T>,
    options: PersistOptions = {},
  ): Promise<T> {
    // The first try is nearly always the last: what it takes to repeat it is not made for all.
    const time = { deadline, end: loop().host.now() + deadline };
    if (this.isOver || !this.#restored.isOpen) return this.#persist(what, time, attempt, options, undefined);
    return attempt(Math.min(tryTime, deadline)).catch(async (error) => {
      if (!isPassing(error)) throw error;
      await this.#pauseBefore(time.end);
      return this.#persist(what, time, attempt, options, error);
    });
  }

  async #persist<T>(
    what: string,
    { deadline, end }: { readonly deadline: number; readonly end: number },
    attempt: (timeout: number) => Promise<T>,
    { remake, isRestorer = false }: PersistOptions,
    last: unknown,
  ): Promise<T> {
    for (let remaining = end - loop().host.now(); remaining > 0; remaining = end - loop().host.now()) {
      if (this.isOver) throw new Error(`${what}: the connection to the engine is closed`, { cause: last });
      const gate = isRestorer ? this.#connected : this.#restored;
      if (!gate.isOpen) {
        await gate.opens(remaining);
        continue;
      }
      try {
        if (last instanceof NoResponderError) await remake?.();
        return await attempt(Math.min(tryTime, Math.max(1, end - loop().host.now())));
      } catch (error) {
        if (!isPassing(error)) throw error;
        last = error;
      }
      await this.#pauseBefore(end);
    }
    throw Object.assign(new TimeoutError(what, deadline), { cause: last });
  }

  #pauseBefore(end: number): Promise<void> {
    return pause(Math.max(0, Math.min(tryPause, end - loop().host.now())));
  }
}

/** May it be otherwise a moment later? */
function isPassing(error: unknown): boolean {
  return error instanceof NoResponderError || error instanceof ConnectionLostError || error instanceof TimeoutError;
}

/** What some wait at until it opens; it stays open. */
class Gate {
  isOpen = false;
  readonly #waiting: Set<() => void> = new Set();

  /** Resolves as it opens, and after so many ms. */
  opens(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#waiting.delete(done);
        resolve();
      };
      const timer = loop().timers.setTimer(done, ms, { real: true });
      this.#waiting.add(done);
    });
  }

  open(): void {
    this.isOpen = true;
    for (const done of [...this.#waiting]) done();
  }
}
