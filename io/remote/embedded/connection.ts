/**
 * One connection to a broker: what is asked and not answered, and what stands.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import { TimeoutError } from "../../../scheduler/scopes/errors.ts";
import { onAbort } from "../../../scheduler/scopes/foreign_signal.ts";
import { EngineFullError, NoResponderError } from "../engine/engine.ts";
import { type Ask, isStanding, type Standing, type Told } from "./ask.ts";
import { Broker } from "./broker.ts";
import { FarLine, serveBroker } from "./far_line.ts";
import { Inbox } from "./inbox.ts";
import type { Line } from "./line.ts";
import { NearLine } from "./near_line.ts";

/** For how long something is asked again and again that may be lost, in ms: as with NATS. */
const deadline = 30_000;

/** How something is asked. */
interface AskOptions {
  readonly signal?: AbortSignal;
  /** After how many ms it rejects; what may be lost does so after half a minute, if nothing else is said. */
  readonly timeout?: number;
}

/** What waits for an answer. */
interface Pending {
  /** Nothing was asked by what is lost. */
  readonly ask: Ask | undefined;
  settle(told: Told): void;
  fail(reason: unknown): void;
}

/** What stands. */
export interface Standpoint {
  /** What is asked, each time that the broker was found. */
  ask(id: number): Standing;
  /** Something has come of it. */
  told(told: Told): void;
}

/** A connection. */
export class Connection {
  readonly #line: Line;
  readonly #inbox: Inbox = new Inbox();
  readonly #pending: Map<number, Pending> = new Map();
  readonly #standing: Map<number, Standpoint> = new Map();
  /** What has to be there before anything else is asked: queues. */
  readonly #first: Ask[] = [];
  #last = 0;
  #isOpen = true;

  /** To the broker of a name: in this process, or, where a simulation has machines, on one of its own, by a connection of their network. */
  constructor(name: string) {
    const end = {
      told: (told: Told) => this.#inbox.add(() => this.#told(told)),
      found: () => this.#restore(),
    };
    const connect = loop().host.network?.station?.(`engine-${name}`, () => serveBroker(new Broker()));
    this.#line = connect === undefined ? new NearLine(name, end) : new FarLine(connect, end);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get state(): { readonly reconnects: number; readonly isConnected: boolean } {
    const { reconnects, isConnected } = this.#line;
    return { reconnects, isConnected: this.#isOpen && isConnected };
  }

  /** Asks for something that is the same if it is done twice, or for a request, which is not made twice. */
  ask<T>(ask: Ask, options: AskOptions = {}): Promise<T> {
    return this.#wait(ask, options);
  }

  #wait<T>(
    ask: Ask | undefined,
    { signal, timeout = this.#line.isFar ? deadline : Infinity }: AskOptions,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (!this.#isOpen) return reject(closed());
      const number = ++this.#last;
      const ends: (() => void)[] = [];
      const end = (): void => {
        this.#pending.delete(number);
        for (const each of ends) each();
      };
      const fail = (reason: unknown): void => {
        end();
        reject(reason);
      };
      // Nobody waits for it any more.
      const leave = (reason: unknown): void => {
        if (ask?.op === "request") this.say({ op: "leave", id: number });
        fail(reason);
      };
      if (signal !== undefined) ends.push(onAbort(signal, leave));
      if (timeout !== Infinity) {
        const what = ask?.op === "request" ? `the request to ${ask.parcel.subject}` : "the answer of the engine";
        const error = new TimeoutError(what, timeout);
        const timer = loop().timers.setTimer(() => leave(error), timeout, { real: true });
        ends.push(() => timer.cancel());
      }
      const settle = (told: Told): void => {
        end();
        if ("value" in told) resolve(told.value as T);
        else if ("error" in told) reject(errorOf(told));
      };
      this.#pending.set(number, { ask, settle, fail });
      if (ask !== undefined) this.#line.ask(ask, number);
    });
  }

  /** Is never answered, as if what was asked had been lost. */
  silence(timeout: number): Promise<never> {
    return this.#wait(undefined, { timeout });
  }

  /** Says something that needs no answer; it may be lost with the connection. */
  say(ask: Ask): void {
    if (this.#isOpen) this.#line.ask(ask);
  }

  /** Asks for something that has to be there before anything else is asked, now and each time that the broker was found. */
  askFirst<T>(ask: Ask): Promise<T> {
    this.#first.push(ask);
    return this.ask(ask);
  }

  /** Asks for something that stands until the function in the answer is called, which resolves when nothing more comes of it. */
  async stand(point: Standpoint): Promise<{ readonly id: number; leave(): Promise<void> }> {
    const id = ++this.#last;
    this.#standing.set(id, point);
    try {
      await this.ask(point.ask(id));
    } catch (error) {
      this.#standing.delete(id);
      throw error;
    }
    const leave = async (): Promise<void> => {
      // What is on its way still comes.
      if (this.#isOpen) await this.ask({ op: "leave", id }).catch(() => {});
      this.#standing.delete(id);
    };
    return { id, leave };
  }

  /** Ends it: what it held comes again when its time has passed, as after the death of a process. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#line.close();
    this.#inbox.close();
    this.#standing.clear();
    for (const pending of [...this.#pending.values()]) pending.fail(closed());
  }

  #told(told: Told): void {
    if ("number" in told) this.#pending.get(told.number)?.settle(told);
    else this.#standing.get(told.id)?.told(told);
  }

  /** The broker is there, and knows of nothing. */
  #restore(): void {
    for (const ask of this.#first) this.#line.ask(ask);
    for (const [id, point] of this.#standing) this.#line.ask(point.ask(id));
    for (const [number, { ask }] of this.#pending) {
      // What stands was asked for just now: all that is left to be known is that it was.
      if (ask === undefined) continue;
      if (isStanding(ask)) this.#line.ask({ op: "flush" }, number);
      else if (ask.op !== "request" || this.#line.reconnects === 0) this.#line.ask(ask, number);
    }
  }
}

function errorOf({ error, message }: { readonly error: "full" | "nobody"; readonly message: string }): Error {
  return error === "full" ? new EngineFullError(message) : new NoResponderError(message);
}

function closed(): Error {
  return new Error("The connection to the engine was closed");
}
