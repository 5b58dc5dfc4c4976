/**
 * What every end of a simulated connection of bytes is made of: its listeners, what has come and is unread, and its states.
 *
 * ```
 *   received, unread ──while it flows──> "data" ──the other half has ended, and all is read──> "end"
 *   both halves have ended, or destroy, or an error ──> "close"
 * ```
 *
 * @module
 */

import { ownMicrotask } from "../../hosts/common/own_functions.ts";
import type { HostSocket } from "../../port/net.ts";
import type { SimulatedLoop } from "../loop/loop.ts";

type Listener = (value: never) => void;

/** Where an end is, and where the other one. */
export interface Ends {
  readonly localPort: number;
  readonly remotePort: number;
  readonly remoteAddress: string;
}

/** One end of a connection. */
export abstract class SocketEnd implements HostSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  readonly name: string;
  readonly place: Error | undefined;
  destroyed = false;
  readableEnded = false;
  writableEnded = false;
  writableFinished = false;
  protected readonly loop: SimulatedLoop;
  /** What has arrived here and is unread. */
  protected received: Uint8Array<ArrayBuffer>[] = [];
  protected endReceived = false;
  readonly #listeners = new Map<string, Set<Listener>>();
  #flowing = false;

  constructor(loop: SimulatedLoop, name: string, { localPort, remotePort, remoteAddress }: Ends) {
    this.loop = loop;
    this.name = name;
    this.localPort = localPort;
    this.remotePort = remotePort;
    this.remoteAddress = remoteAddress;
    this.place = loop.place;
  }

  abstract write(bytes: Uint8Array): boolean;
  abstract end(): void;
  abstract destroy(): void;
  /** So many bytes of what has come were read. */
  protected abstract hasRead(bytes: number): void;
  /** The connection is over at this end. */
  protected abstract leave(): void;

  on(event: string, listener: Listener): void {
    let listeners = this.#listeners.get(event);
    if (listeners === undefined) this.#listeners.set(event, listeners = new Set());
    listeners.add(listener);
  }

  off(event: string, listener: Listener): void {
    this.#listeners.get(event)?.delete(listener);
  }

  emit(event: string, value?: unknown): void {
    for (const listener of [...this.#listeners.get(event) ?? []]) listener(value as never);
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  pause(): void {
    this.#flowing = false;
  }

  resume(): void {
    this.#flowing = true;
    this.flowSoon();
  }

  /** Breaks this end as the system does. */
  fail(code: string, text: string): void {
    if (this.destroyed) return;
    this.emit("error", Object.assign(new Error(text), { code }));
    this.close();
  }

  /** Gives what has come to whoever reads, after all that comes in the same macrotask: it is one chunk. */
  protected flowSoon(): void {
    ownMicrotask(() => this.#flow());
  }

  #flow(): void {
    if (this.destroyed) return;
    if (this.#flowing && this.received.length > 0) {
      const chunk = joined(this.received.splice(0));
      this.hasRead(chunk.length);
      this.emit("data", chunk);
    }
    if (!this.endReceived || this.received.length > 0 || this.readableEnded || this.destroyed) return;
    this.readableEnded = true;
    this.emit("end");
    this.closeIfOver();
  }

  /** All that was to be sent is. */
  protected finishSoon(): void {
    this.loop.callSoon(() => {
      if (this.destroyed) return;
      this.writableFinished = true;
      this.emit("finish");
      this.closeIfOver();
    });
  }

  protected closeIfOver(): void {
    if (this.readableEnded && this.writableFinished && !this.destroyed) this.close();
  }

  protected close(): void {
    this.destroyed = true;
    this.received = [];
    this.leave();
    this.loop.callSoon(() => this.emit("close"));
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
