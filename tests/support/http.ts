/**
 * Clients for servers under test: raw connections, and what tests wait for.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import type { Server } from "../../io/mod.ts";

/** A promise and what settles it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((it) => resolve = it);
  return { promise, resolve };
}

/** A connection on which a test says each byte itself. */
export class RawClient {
  readonly socket: Socket;
  /** What has come so far. */
  received = "";
  /** Settles when the connection is over, in whichever way. */
  readonly closed: Promise<void>;
  isClosed = false;
  #watchers = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.received += text;
      this.#watchers.forEach((watcher) => watcher());
    });
    socket.on("error", () => {});
    this.closed = new Promise((resolve) =>
      socket.on("close", () => {
        this.isClosed = true;
        this.#watchers.forEach((watcher) => watcher());
        resolve();
      })
    );
  }

  static async open(target: number | string): Promise<RawClient> {
    const socket = typeof target === "number" ? connect(target, "127.0.0.1") : connect(target);
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", () => resolve());
      socket.once("error", reject);
    });
    socket.setNoDelay(true);
    return client;
  }

  send(text: string): void {
    this.socket.write(text.replace(/\r?\n/g, "\r\n"), "latin1");
  }

  /** Settles when what has come matches; rejects when the connection ends before. */
  waitFor(pattern: RegExp): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const watcher = () => {
        const match = this.received.match(pattern);
        if (match === null && !this.isClosed) return;
        this.#watchers.delete(watcher);
        if (match !== null) resolve(match);
        else reject(new Error(`The connection ended without ${pattern}: ${JSON.stringify(this.received)}`));
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  /** Leaves at once, as a client does that is killed. */
  leave(): void {
    this.socket.destroy();
  }
}

/** Opens a raw connection and asks for something on it. */
export async function ask(server: Server, text: string): Promise<RawClient> {
  const client = await RawClient.open(server.port);
  client.send(text);
  return client;
}

/** Waits until something is so; for what a server learns only from its connections. It fails after 10 s. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`It never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
