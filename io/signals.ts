/**
 * Signals to the process, as a sequence.
 *
 * @module
 */

import type { HostSignal } from "../runtime/host.ts";
import { loop } from "../scheduler/loop.ts";
import { currentScope, Wait } from "../scheduler/scope.ts";

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
 * listeners away, and with them the signals get their default effect again.
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
  for (const name of names) {
    if (!known.includes(name)) throw new TypeError(`A signal is one of ${known.join(", ")}: received ${String(name)}`);
  }
  const arrived: HostSignal[] = [];
  let wake: (() => void) | undefined;
  let leave: (() => void)[] = names.map((name) =>
    loop().host.onSignal(name, () => {
      arrived.push(name);
      wake?.();
    })
  );
  function stop(): void {
    for (const fn of leave) fn();
    leave = [];
    wake?.();
  }
  return {
    async next(): Promise<IteratorResult<HostSignal, undefined>> {
      while (arrived.length === 0 && leave.length > 0) {
        const wait = new Wait<void>(currentScope(), stop);
        if (wait.interrupted) stop();
        wake = () => wait.resolve();
        // A signal's listener does not hold the process on every host; whoever waits for one wants to.
        const release = loop().host.keepAlive();
        await wait.promise.finally(release);
      }
      const value = arrived.shift();
      return value === undefined ? { done: true, value } : { done: false, value };
    },
    return(): Promise<IteratorResult<HostSignal, undefined>> {
      stop();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
