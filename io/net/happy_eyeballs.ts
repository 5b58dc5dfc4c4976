/**
 * Connecting to a host that has several addresses, as RFC 8305 has it.
 *
 * ```
 *   looked up ──> attempt 1 ──250 ms, or its failure──> attempt 2 ──> ...
 *                     │                                    │
 *                     └──── the first to be connected wins; the others are closed ────> all have failed: AggregateError
 * ```
 *
 * @module
 */

import { microtask } from "../../runtime/basics/promises.ts";
import type { HostAddress, HostNet, HostSocket } from "../../runtime/port/net.ts";
import { loop } from "../../scheduler/queue/loop.ts";

/** What connects, and can be told to stop. */
export interface Attempt {
  /** Closes what has been begun; nothing is called back any more. */
  cancel(): void;
}

/** What is told how an attempt went, once. */
export interface AttemptListener {
  connected(socket: HostSocket): void;
  failed(error: unknown): void;
}

/** Begins to connect to one address. */
export function connectOnce(begin: () => HostSocket, listener: AttemptListener): Attempt {
  let socket: HostSocket;
  try {
    socket = begin();
  } catch (error) {
    // Some hosts throw for an address that no socket can have.
    microtask(() => listener.failed(error));
    return { cancel: () => {} };
  }
  let over = false;
  socket.on("error", (error: Error) => {
    if (over) return;
    over = true;
    socket.destroy();
    listener.failed(error);
  });
  socket.on("connect", () => {
    if (over) return;
    over = true;
    listener.connected(socket);
  });
  return {
    cancel() {
      if (over) return;
      over = true;
      socket.destroy();
    },
  };
}

/** Connects to the first of a host's addresses to answer; each has a head start of `delay` ms before the next. */
export function connectToHost(
  net: HostNet,
  hostname: string,
  port: number,
  delay: number,
  listener: AttemptListener,
): Attempt {
  const attempts: Attempt[] = [];
  const errors: unknown[] = [];
  let addresses: readonly string[] = [];
  let next = 0;
  let timer: { cancel(): void } | undefined;
  let over = false;
  function end(): void {
    over = true;
    timer?.cancel();
    for (const attempt of attempts) attempt.cancel();
  }
  function fail(error: unknown): void {
    if (over) return;
    end();
    listener.failed(error);
  }
  function attemptNext(): void {
    timer?.cancel();
    const address = addresses[next++];
    if (over || address === undefined) return;
    attempts.push(connectOnce(() => net.connect({ host: address, port }), {
      connected(socket) {
        end();
        listener.connected(socket);
      },
      failed(error) {
        if (over) return;
        errors.push(error);
        if (errors.length === addresses.length) fail(allFailed(errors, hostname, port));
        else attemptNext();
      },
    }));
    if (next < addresses.length) timer = loop().timers.setTimer(attemptNext, delay, { real: true });
  }
  if (isAddress(hostname)) {
    addresses = [hostname];
    attemptNext();
  } else {
    net.lookup(hostname).then((found) => {
      addresses = alternating(found);
      if (addresses.length === 0) fail(new Error(`${hostname} has no address`));
      else attemptNext();
    }).catch(fail);
  }
  return { cancel: end };
}

/** Is it an address itself, of either family? A name has no colon, and its last label is no number. */
export function isAddress(hostname: string): boolean {
  return hostname.includes(":") || /^\d+(\.\d+){3}$/.test(hostname);
}

/** The families in turn, that of the first address first: if one of them leads nowhere, the other is tried next. */
function alternating(found: readonly HostAddress[]): string[] {
  const first = found.filter(({ family }) => family === found[0]!.family);
  const second = found.filter(({ family }) => family !== found[0]!.family);
  const addresses: string[] = [];
  for (let index = 0; index < found.length; index++) {
    for (const list of [first, second]) if (list[index] !== undefined) addresses.push(list[index]!.address);
  }
  return addresses;
}

/** The error itself where there was one address; else all of them, with the code of the first. */
function allFailed(errors: readonly unknown[], hostname: string, port: number): unknown {
  if (errors.length === 1) return errors[0];
  const error = new AggregateError(
    errors,
    `None of the ${errors.length} addresses of ${hostname} accepted a connection to port ${port}`,
  );
  return Object.assign(error, { code: (errors[0] as { code?: string }).code });
}
