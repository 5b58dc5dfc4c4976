/**
 * Clients for servers under test: raw connections.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import type { Server } from "../../io/mod.ts";
import { within } from "./within.ts";

/** A connection on which a test says each byte itself. */
export class RawClient {
  readonly socket: Socket;
  /** What has come so far. */
  received = "";
  isClosed = false;
  readonly #closed: Promise<void>;
  readonly #watchers = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.received += text;
      this.#watchers.forEach((watcher) => watcher());
    });
    socket.on("error", () => {});
    this.#closed = new Promise((resolve) =>
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
    const connected = new Promise<void>((resolve, reject) => {
      socket.once("connect", () => resolve());
      socket.once("error", reject);
    });
    await within(connected, "the client has connected");
    socket.setNoDelay(true);
    return client;
  }

  send(text: string): void {
    this.socket.write(text.replace(/\r?\n/g, "\r\n"), "latin1");
  }

  /** Settles when the connection is over, in whichever way. */
  get closed(): Promise<void> {
    return within(this.#closed, "the connection is over");
  }

  /** Settles when what has come matches; rejects when the connection ends before. */
  waitFor(pattern: RegExp): Promise<RegExpMatchArray> {
    const match = new Promise<RegExpMatchArray>((resolve, reject) => {
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
    return within(match, `${pattern} has come`);
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
