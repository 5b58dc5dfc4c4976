/**
 * Files that `node:fs/promises` has opened.
 *
 * @module
 */

import { FileError } from "../disk/errors.ts";
import type { OpenFile } from "../disk/open_file.ts";
import { bytesOf, lengthOf, optionsOf } from "./arguments.ts";
import type { DiskIo } from "./disk_io.ts";
import { type OpenFileCall, openFileCalls, readRequest, readRequested, writeRequest } from "./open_file_calls.ts";
import { readSteps, type Steps, writeSteps } from "./steps.ts";
import { readStreamOf, type ReadStreamOptions, writeStreamOf, type WriteStreamOptions } from "./streams.ts";
import { builtin } from "../../hosts/common/node_process.ts";

/** As `fs.promises.FileHandle`, but that it is no emitter of events. */
export class SimulatedFileHandle implements AsyncDisposable {
  readonly #io: DiskIo;
  readonly #file: OpenFile;
  /** How many operations are under way, and who waits for their end. */
  #busy = 0;
  #onIdle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(io: DiskIo, file: OpenFile) {
    this.#io = io;
    this.#file = file;
  }

  get fd(): number {
    return this.#closing === undefined ? this.#file.fd : -1;
  }

  /** The file itself, as calls of other modules take it. */
  get opened(): OpenFile {
    return this.#file;
  }

  async read(...args: unknown[]): Promise<{ bytesRead: number; buffer: unknown }> {
    const request = readRequest(args);
    const bytesRead = await this.#run("read", (disk, file) => readRequested(disk, file, request));
    return { bytesRead: bytesRead as number, buffer: request.buffer };
  }

  async readv(buffers: unknown, position?: unknown): Promise<{ bytesRead: number; buffers: unknown }> {
    const bytesRead = await this.#run("read", openFileCalls["readv"]!, buffers, position) as number;
    return { bytesRead, buffers };
  }

  async write(...args: unknown[]): Promise<{ bytesWritten: number; buffer: unknown }> {
    const { bytes, buffer, position } = writeRequest(args);
    const bytesWritten = await this.#run(
      "write",
      (disk, file) => disk.write(file, bytes, position, { syscall: "write" }),
    );
    return { bytesWritten: bytesWritten as number, buffer };
  }

  async writev(buffers: unknown, position?: unknown): Promise<{ bytesWritten: number; buffers: unknown }> {
    const bytesWritten = await this.#run("write", openFileCalls["writev"]!, buffers, position) as number;
    return { bytesWritten, buffers };
  }

  async readFile(options?: unknown): Promise<unknown> {
    return await this.#take(readSteps(this.#io.disk, this.#file, options), "read", signalIn(options));
  }

  async writeFile(data: unknown, options?: unknown): Promise<void> {
    await writeData(data, options, (chunk, signal) => {
      const steps = writeSteps(this.#io.disk, this.#file, chunk, options);
      // It is open already.
      steps.next();
      return this.#take(steps, "write", signal);
    });
  }

  async appendFile(data: unknown, options?: unknown): Promise<void> {
    await this.writeFile(data, options);
  }

  async truncate(length?: unknown): Promise<void> {
    const size = lengthOf(length);
    await this.#run("truncate", (disk, file) => disk.truncate(file, size, { syscall: "ftruncate" }));
  }

  async stat(options?: unknown): Promise<unknown> {
    return await this.#run("stat", openFileCalls["fstat"]!, options);
  }

  async sync(): Promise<void> {
    await this.#run("sync", openFileCalls["fsync"]!);
  }

  async datasync(): Promise<void> {
    await this.#run("sync", openFileCalls["fdatasync"]!);
  }

  async chmod(mode: unknown): Promise<void> {
    await this.#run("chmod", openFileCalls["fchmod"]!, mode);
  }

  async chown(uid: unknown, gid: unknown): Promise<void> {
    await this.#run("chown", openFileCalls["fchown"]!, uid, gid);
  }

  async utimes(accessed: unknown, modified: unknown): Promise<void> {
    await this.#run("utimes", openFileCalls["futimes"]!, accessed, modified);
  }

  /** Waits for what is under way, and closes. */
  close(): Promise<void> {
    if (this.#closing === undefined && this.#file.isClosed) {
      return Promise.reject(new FileError("EBADF", { syscall: "close" }));
    }
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    if (this.#busy > 0) await new Promise<void>((resolve) => this.#onIdle = resolve);
    await this.#io.run(
      `close ${this.#file.path}`,
      () => this.#io.disk.close(this.#file, { syscall: "close" }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  createReadStream(options?: ReadStreamOptions): unknown {
    return readStreamOf(this, options);
  }

  createWriteStream(options?: WriteStreamOptions): unknown {
    return writeStreamOf(this, options);
  }

  readLines(options?: ReadStreamOptions): unknown {
    const { createInterface } = builtin<{ createInterface(options: object): unknown }>("node:readline");
    return createInterface({ input: this.createReadStream(options), crlfDelay: Infinity });
  }

  #run(name: string, call: OpenFileCall, ...args: unknown[]): Promise<unknown> {
    const { disk } = this.#io;
    return this.#whileBusy(
      name,
      () => this.#io.run(`${name} ${this.#file.path}`, () => call(disk, this.#file, ...args)),
    );
  }

  #take<T>(steps: Steps<T>, name: string, signal: AbortSignal | undefined): Promise<T> {
    return this.#whileBusy(name, () => this.#io.take(steps, signal));
  }

  async #whileBusy<T>(syscall: string, operation: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new FileError("EBADF", { syscall });
    this.#busy++;
    try {
      return await operation();
    } finally {
      if (--this.#busy === 0) this.#onIdle?.();
    }
  }
}

function signalIn(options: unknown): AbortSignal | undefined {
  return optionsOf<{ signal?: AbortSignal }>(options).signal;
}

interface Chunks {
  [Symbol.asyncIterator]?(): AsyncIterator<unknown>;
  [Symbol.iterator]?(): Iterator<unknown>;
}

/** Can what is to be written be gone through, chunk by chunk? */
export function isChunked(data: unknown): data is AsyncIterable<unknown> {
  if (typeof data !== "object" || data === null || ArrayBuffer.isView(data)) return false;
  const chunks = data as Chunks;
  return chunks[Symbol.asyncIterator] !== undefined || chunks[Symbol.iterator] !== undefined;
}

/** Writes data, also chunk by chunk as they come. */
export async function writeData(
  data: unknown,
  options: unknown,
  write: (chunk: unknown, signal: AbortSignal | undefined) => Promise<void>,
): Promise<void> {
  const signal = signalIn(options);
  if (!isChunked(data)) return await write(data, signal);
  const { encoding } = optionsOf(options);
  for await (const chunk of data) await write(bytesOf(chunk, encoding), signal);
}

/** Writes to an open file of which nobody else knows, and closes it. */
export async function writeChunks(handle: SimulatedFileHandle, data: unknown, options: unknown): Promise<void> {
  try {
    await handle.writeFile(data, options);
  } finally {
    await handle.close();
  }
}
