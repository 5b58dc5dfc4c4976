/**
 * Questions with one answer: all answers come by one subscription, and whoever gives up leaves nothing behind.
 *
 * The client has such a function too, but without a signal; and a server that is lost in the middle is noticed there by the timeout only.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import { TimeoutError } from "../../../scheduler/scopes/errors.ts";
import { NoResponderError } from "../engine/engine.ts";
import type { NatsConnection, NatsHeaders, NatsMessage, NatsSubscription } from "./connection.ts";

/** The connection went away before the answer came: whether the question arrived is not known. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
}

/** How a question is asked. */
export interface AskOptions {
  readonly headers?: NatsHeaders | undefined;
  /** After how many ms it rejects. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Does it reject as soon as the connection is lost? Whoever can repeat it asks so. */
  readonly isRepeated?: boolean;
}

interface Pending {
  readonly subject: string;
  readonly isRepeated: boolean;
  /** When it is late, on the host's clock, and after how many ms that is. */
  readonly due: number;
  readonly timeout: number;
  settle(answer: NatsMessage | undefined, error?: unknown): void;
}

/** How often questions with long times are looked through for those that are late, in ms: a timer for each would be a tenth of its costs. */
const lookEvery = 100;

/** What waits for answers on one connection. */
export class Requests {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #subscription: NatsSubscription;
  readonly #pending: Map<string, Pending> = new Map();
  #count = 0;
  #look: { cancel(): void } | undefined = undefined;

  constructor(connection: NatsConnection, inbox: string) {
    this.#connection = connection;
    this.#inbox = inbox;
    const callback = (error: Error | null, message: NatsMessage): void => {
      if (error !== null) return this.failAll(() => error);
      this.#pending.get(message.subject.slice(inbox.length + 1))?.settle(message);
    };
    this.#subscription = connection.subscribe(`${inbox}.*`, { callback });
  }

  /** How many wait. */
  get size(): number {
    return this.#pending.size;
  }

  /** Asks; rejects with a `NoResponderError` at once where nobody listens. */
  ask(subject: string, body: Uint8Array | string, options: AskOptions): Promise<NatsMessage> {
    const { headers, timeout, signal, isRepeated = false } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const token = (this.#count++).toString(36);
      const aborted = () => settle(undefined, signal!.reason);
      const settle = (answer: NatsMessage | undefined, error?: unknown): void => {
        this.#pending.delete(token);
        timer?.cancel();
        signal?.removeEventListener("abort", aborted);
        if (answer === undefined) reject(error);
        else if (answer.headers?.code === 503) reject(new NoResponderError(`Nobody listens to ${subject}`));
        else resolve(answer);
      };
      const due = loop().host.now() + timeout;
      const pending: Pending = { subject, isRepeated, due, timeout, settle };
      const isShort = timeout < 10 * lookEvery;
      const timer = isShort ? loop().timers.setTimer(() => late(pending), timeout, { real: true }) : undefined;
      if (!isShort) this.#startLooking();
      signal?.addEventListener("abort", aborted);
      this.#pending.set(token, pending);
      try {
        // The headers are made by the same package as the connection, which alone knows their class.
        const sent = { reply: `${this.#inbox}.${token}`, ...headers && { headers: headers as never } };
        this.#connection.publish(subject, body, sent);
      } catch (error) {
        settle(undefined, error);
      }
    });
  }

  #startLooking(): void {
    this.#look ??= loop().timers.setTimer(
      () => {
        this.#look = undefined;
        const now = loop().host.now();
        for (const pending of [...this.#pending.values()]) if (pending.due <= now) late(pending);
        if (this.#pending.size > 0) this.#startLooking();
      },
      lookEvery,
      { real: true },
    );
  }

  /** The server refused a subject to us. */
  denied(subject: string, error: unknown): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.subject === subject) pending.settle(undefined, error);
    }
  }

  /** The connection is lost: those that can be repeated learn it now. */
  lost(): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.isRepeated) {
        pending.settle(undefined, new ConnectionLostError("The connection to the server was lost"));
      }
    }
  }

  /** None of them will be answered. */
  failAll(why: () => unknown): void {
    for (const pending of [...this.#pending.values()]) pending.settle(undefined, why());
  }

  close(): void {
    this.#look?.cancel();
    if (!this.#connection.isClosed()) this.#subscription.unsubscribe();
    this.failAll(() => new Error("The connection to the engine is closed"));
  }
}

function late({ subject, timeout, settle }: Pending): void {
  settle(undefined, new TimeoutError(`The answer of ${subject}`, timeout));
}
