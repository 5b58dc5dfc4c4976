/**
 * Signals to the process, as a sequence.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import type { Host, HostSignal } from "../../runtime/port/host.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { throwIfCancelled } from "../../scheduler/waits/sleep.ts";
import { Wait } from "../../scheduler/waits/wait.ts";

const known: readonly HostSignal[] = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGBREAK",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
];

/**
 * The signals of the given names, as they arrive from the call on; of several loops over the same signal each gets it. Leaving the loop,
 * or its cancellation, takes the listeners away, and with them the signals get their default effect again, also those that have arrived
 * and that neither this loop, nor another one, nor any other listener has taken.
 *
 * @throws {TypeError} at the call, for a name that is no signal's.
 *
 * @example
 * ```ts
 * import { signals } from "@millrace/millrace/io";
 *
 * const received = signals(["SIGHUP"]);
 * process.kill(process.pid, "SIGHUP");
 * for await (const name of received) {
 *   console.log(name);
 *   break;
 * }
 * ```
 */
export function signals(names: readonly HostSignal[]): AsyncIterableIterator<HostSignal> {
  if (!Array.isArray(names) || names.length === 0) {
    throw new TypeError(`signals takes a list of at least one name: received ${show(names)}`);
  }
  for (const name of names) {
    if (!known.includes(name)) throw new TypeError(`A signal is one of ${known.join(", ")}: received ${show(name)}`);
  }
  return new Signals(new Set(names));
}

/** A signal that has arrived, for all who listened then. */
interface Arrival {
  readonly name: HostSignal;
  /** Was nobody else in the process told of it? */
  readonly alone: boolean;
  /** How many could still take it. */
  takers: number;
  taken: boolean;
}

class Signals implements AsyncIterableIterator<HostSignal> {
  /** Signals that nobody has taken from here yet. */
  readonly #arrived: Arrival[] = [];
  /** Those who wait for one, first come, first served. */
  readonly #waits = new Set<Wait<HostSignal | undefined>>();
  readonly #host: Host = loop().host;
  #leave: (() => void)[];

  constructor(names: ReadonlySet<HostSignal>) {
    this.#leave = [...names].map((name) => listenTo(this.#host, name, (arrival) => this.#arrive(arrival)));
  }

  async next(): Promise<IteratorResult<HostSignal, undefined>> {
    throwIfCancelledAfter(() => this.#stop());
    const arrival = this.#arrived.shift();
    if (arrival !== undefined) arrival.taken = true;
    let name = arrival?.name;
    if (name === undefined && this.#leave.length > 0) {
      const wait: Wait<HostSignal | undefined> = new Wait(currentScope(), () => {
        this.#waits.delete(wait);
        this.#stop();
      }, "a signal");
      this.#waits.add(wait);
      // A signal's listener does not hold the process on every host; whoever waits for one wants to.
      const release = this.#host.keepAlive();
      name = await wait.promise.finally(release);
    }
    return name === undefined ? { done: true, value: undefined } : { done: false, value: name };
  }

  return(): Promise<IteratorResult<HostSignal, undefined>> {
    this.#stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<HostSignal> {
    return this;
  }

  #arrive(arrival: Arrival): void {
    for (const wait of this.#waits) {
      this.#waits.delete(wait);
      if (!wait.resolve(arrival.name)) continue;
      arrival.taken = true;
      return;
    }
    this.#arrived.push(arrival);
    // The one who waited was cancelled and had not been told of it: whoever comes for a signal now finds none to come.
    if (this.#leave.length === 0) this.#stop();
  }

  #stop(): void {
    for (const leave of this.#leave) leave();
    this.#leave = [];
    for (const wait of this.#waits) wait.resolve(undefined);
    this.#waits.clear();
    for (const arrival of this.#arrived.splice(0)) {
      arrival.takers--;
      // Who sent it wants the process to end, or whatever is its effect; nobody has been told.
      if (arrival.takers === 0 && arrival.alone && !arrival.taken) this.#host.raise(arrival.name);
    }
  }
}

/** Those of ours who listen for a signal, and one listener of the host for all: what it says of others is then not said of ours. */
interface Audience {
  readonly listeners: Set<(arrival: Arrival) => void>;
  readonly leave: () => void;
}

const audiences = new WeakMap<Host, Map<HostSignal, Audience>>();

function listenTo(host: Host, name: HostSignal, listener: (arrival: Arrival) => void): () => void {
  let ofHost = audiences.get(host);
  if (ofHost === undefined) audiences.set(host, ofHost = new Map());
  let audience = ofHost.get(name);
  if (audience === undefined) {
    const listeners = new Set<(arrival: Arrival) => void>();
    const leave = host.onSignal(name, (alone) => {
      const arrival: Arrival = { name, alone, takers: listeners.size, taken: false };
      for (const listener of [...listeners]) listener(arrival);
    });
    ofHost.set(name, audience = { listeners, leave });
  }
  const { listeners, leave } = audience;
  listeners.add(listener);
  return () => {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    leave();
    ofHost.delete(name);
  };
}

/** A checkpoint that undoes something when it throws. */
function throwIfCancelledAfter(undo: () => void): void {
  try {
    throwIfCancelled();
  } catch (error) {
    undo();
    throw error;
  }
}
