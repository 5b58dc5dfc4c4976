/**
 * Turns and timers of Node where `mock.timers` of `node:test` was enabled before the library was loaded: it leaves no way back to what it
 * has replaced. These ways are longer, and only taken until the mocks are reset.
 *
 * @module
 */

import { builtin } from "./node_process.ts";

interface Socket {
  setTimeout(ms: number, callback?: () => void): void;
}

type Immediate = (callback: () => void) => unknown;

interface TimersPromises {
  scheduler: { yield(): Promise<void> };
}

/** The host's own, also while a simulation has its own in its place: a port of that holds nothing. */
const { MessageChannel: LoadedChannel } = globalThis;

/** A timer of a socket that is never opened. Such a timer does not hold the process: a port does it for it. */
class SocketTimeout {
  readonly #socket: Socket;
  /** Both ends: when the other one is collected as garbage, a port closes and holds nothing any more. */
  readonly #channel: MessageChannel = new LoadedChannel();
  readonly #hold: MessagePort & { ref(): void; unref(): void } = this.#channel.port1 as never;

  constructor(callback: () => void, delay: number) {
    const { Socket } = builtin<{ Socket: new () => Socket }>("node:net");
    this.#socket = new Socket();
    this.#hold.onmessage = () => {};
    // A socket takes 0 for no timeout at all.
    this.#socket.setTimeout(Math.max(1, delay), () => {
      this.close();
      callback();
    });
  }

  ref(): void {
    this.#hold.ref();
  }

  unref(): void {
    this.#hold.unref();
  }

  close(): void {
    this.#socket.setTimeout(0);
    this.#hold.close();
  }
}

/** `setTimeout` and `clearTimeout` over the timeouts of sockets. */
export function socketTimeout(): {
  setTimeout(callback: () => void, delay: number): SocketTimeout;
  clearTimeout(handle: object): void;
} {
  return {
    setTimeout: (callback, delay) => new SocketTimeout(callback, delay),
    clearTimeout: (handle) => (handle as SocketTimeout).close(),
  };
}

/** `setImmediate` over `scheduler.yield`, which a simulation replaces; or what `found` answers, once the host's own is back. */
export function mockedImmediate(found: () => Immediate | undefined): Immediate {
  const { scheduler } = builtin<TimersPromises>("node:timers/promises");
  const yieldTurn = scheduler.yield.bind(scheduler);
  return (callback) => {
    const own = found();
    return own === undefined ? void yieldTurn().then(callback) : own(callback);
  };
}
