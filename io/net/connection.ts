/**
 * A stream of bytes to somebody else.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { allowUnawaited } from "../../runtime/basics/promises.ts";
import type { HostSocket } from "../../runtime/port/net.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { StructureError } from "../../scheduler/scopes/errors.ts";
import { Wait } from "../../scheduler/waits/wait.ts";

/** Wraps a socket that is connected; for the other files of the floor. */
export let connectionOver: (socket: HostSocket, options: { allowHalfOpen?: boolean }) => Connection;

/** Drops what still comes from the other side, whose end is then seen; for the other files of the floor. */
export let discardInput: (connection: Connection) => void;

/**
 * An open connection. Its chunks come by iteration or by {@linkcode read}, no faster than they are asked for; {@linkcode write} waits
 * while the other side does not take what was written. Every wait is a checkpoint, and a cancelled read loses no byte.
 */
export class Connection implements AsyncIterable<Uint8Array> {
  readonly #socket: HostSocket;
  #reading: Wait<Uint8Array | undefined> | undefined = undefined;
  #ended = false;
  #discarding = false;
  #error: Error | undefined = undefined;
  readonly #writing = new Set<Wait<void>>();
  /** Settles when the connection is over, in whichever way. */
  readonly closed: Promise<void>;

  private constructor(socket: HostSocket, { allowHalfOpen = true }: { allowHalfOpen?: boolean }) {
    this.#socket = socket;
    socket.pause();
    socket.on("data", (chunk: Uint8Array) => {
      if (this.#discarding) return;
      socket.pause();
      const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const reading = this.#reading;
      this.#reading = undefined;
      if (!reading?.resolve(bytes)) this.#kept.push(bytes);
    });
    socket.on("end", () => {
      if (!allowHalfOpen && !socket.writableEnded) socket.end();
      this.#end();
    });
    socket.on("error", (error: Error) => {
      this.#error ??= error;
    });
    const taken = (): void => {
      for (const wait of this.#writing) wait.resolve();
      this.#writing.clear();
    };
    socket.on("drain", taken);
    socket.on("finish", taken);
    this.closed = new Promise((resolve) =>
      socket.on("close", () => {
        this.#end();
        for (const wait of this.#writing) wait.reject(this.#broken());
        this.#writing.clear();
        resolve();
      })
    );
  }

  /** Chunks that came although nobody asked any more. */
  readonly #kept: Uint8Array[] = [];

  static {
    connectionOver = (socket, options) => new Connection(socket, options);
    discardInput = (connection) => {
      connection.#discarding = true;
      connection.#socket.resume();
    };
  }

  /** The other side's address, where known. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** The other side's port, where known. */
  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  /** The port on this side, where there is one. */
  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  /** The protocol that the handshake of TLS has agreed upon; `undefined` for none. */
  get alpn(): string | undefined {
    return this.#socket.alpnProtocol || undefined;
  }

  /**
   * The next chunk; `undefined` when the other side has ended its half.
   *
   * @throws {StructureError} (rejection) while another read waits.
   * @throws {Error} (rejection) with the system's code, such as "ECONNRESET", when the connection broke.
   */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#reading?.interrupted === false) throw new StructureError("A connection is read by one reader at a time");
    const wait: Wait<Uint8Array | undefined> = new Wait(currentScope(), () => {
      this.#reading = undefined;
      this.#socket.pause();
    }, "bytes of a connection");
    if (wait.interrupted) return await wait.promise;
    const kept = this.#kept.shift();
    if (kept !== undefined) wait.resolve(kept);
    else if (this.#ended) this.#settleAtEnd(wait);
    else {
      this.#reading = wait;
      this.#socket.resume();
    }
    return await wait.promise;
  }

  /**
   * Writes, and waits until the system takes more. Cancelled, the bytes may have been sent or not.
   *
   * @throws {TypeError} at the call, for what is no Uint8Array and no text.
   * @throws {Error} (rejection) when the connection is over.
   */
  write(bytes: Uint8Array | string): Promise<void> {
    if (typeof bytes !== "string" && !(bytes instanceof Uint8Array)) {
      throw new TypeError(`A connection takes bytes or a text: received ${show(bytes)}`);
    }
    const wait: Wait<void> = new Wait(currentScope(), () => this.#writing.delete(wait), "a connection to take bytes");
    if (wait.interrupted) return wait.promise;
    if (this.#socket.destroyed || this.#socket.writableEnded) wait.reject(this.#broken());
    else if (this.#socket.write(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes)) wait.resolve();
    else this.#writing.add(wait);
    return wait.promise;
  }

  /**
   * Ends this side's half: the other side sees the end after all that was written, and may go on to send. Waits until the system has taken
   * everything, so that a `close` after it drops nothing of it; who need not know need not await it. A second call waits for the same.
   *
   * @throws {Error} (rejection) when the connection broke before.
   */
  end(): Promise<void> {
    const wait: Wait<void> = new Wait(currentScope(), () => this.#writing.delete(wait), "a connection to take bytes");
    allowUnawaited(wait.promise);
    if (!wait.interrupted) {
      if (this.#socket.writableFinished) wait.resolve();
      else if (this.#socket.destroyed) wait.reject(this.#broken());
      else this.#writing.add(wait);
    }
    this.#socket.end();
    return wait.promise;
  }

  /** Closes the connection at once; what was not sent yet is dropped. A second call does nothing. */
  close(): void {
    this.#socket.destroy();
  }

  /** The chunks up to the end of the other side's half. Leaving the loop closes the connection. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
    let whole = false;
    try {
      for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) yield chunk;
      whole = true;
    } finally {
      if (!whole) this.close();
    }
  }

  /** Closes the connection and waits for that. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  #end(): void {
    this.#ended = true;
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading !== undefined) this.#settleAtEnd(reading);
  }

  #settleAtEnd(wait: Wait<Uint8Array | undefined>): void {
    if (this.#error !== undefined) wait.reject(this.#error);
    else wait.resolve(undefined);
  }

  #broken(): Error {
    return this.#error ?? Object.assign(new Error("The connection is closed"), { code: "EPIPE" });
  }
}
