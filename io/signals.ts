/**
 * Signals to the process, as a sequence.
 *
 * @module
 */

import type { HostSignal } from "../runtime/host.ts";
import { show } from "../scheduler/check.ts";
import { loop } from "../scheduler/loop.ts";
import { currentScope } from "../scheduler/scope.ts";
import { throwIfCancelled } from "../scheduler/sleep.ts";
import { Wait } from "../scheduler/wait.ts";

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
 * The signals of the given names, as they arrive from the call on. Leaving the loop, or its cancellation, takes the
 * listeners away, and with them the signals get their default effect again, also those that have arrived and that neither this
 * loop nor any other listener has taken.
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

class Signals implements AsyncIterableIterator<HostSignal> {
  /** Signals that nobody has taken yet, and whether anybody else in the process was told of them. */
  readonly #arrived: { name: HostSignal; alone: boolean }[] = [];
  /** Those who wait for one, first come, first served. */
  readonly #waits = new Set<Wait<HostSignal | undefined>>();
  #leave: (() => void)[];

  constructor(names: ReadonlySet<HostSignal>) {
    const { host } = loop();
    this.#leave = [...names].map((name) => host.onSignal(name, (alone) => this.#arrive(name, alone)));
  }

  async next(): Promise<IteratorResult<HostSignal, undefined>> {
    throwIfCancelledAfter(() => this.#stop());
    let name = this.#arrived.shift()?.name;
    if (name === undefined && this.#leave.length > 0) {
      const wait: Wait<HostSignal | undefined> = new Wait(currentScope(), () => {
        this.#waits.delete(wait);
        this.#stop();
      }, "a signal");
      this.#waits.add(wait);
      // A signal's listener does not hold the process on every host; whoever waits for one wants to.
      const release = loop().host.keepAlive();
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

  #arrive(name: HostSignal, alone: boolean): void {
    for (const wait of this.#waits) {
      this.#waits.delete(wait);
      if (wait.resolve(name)) return;
    }
    this.#arrived.push({ name, alone });
  }

  #stop(): void {
    for (const leave of this.#leave) leave();
    this.#leave = [];
    for (const wait of this.#waits) wait.resolve(undefined);
    this.#waits.clear();
    // Who sent them wants the process to end, or whatever is their effect; nobody else has been told.
    for (const { name, alone } of this.#arrived.splice(0)) if (alone) loop().host.raise(name);
  }
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
