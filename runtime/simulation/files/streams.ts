/**
 * Node's streams of files.
 *
 * @module
 */

import { builtin } from "../../hosts/common/node_process.ts";
import { inEncoding, optionsOf } from "./arguments.ts";

/** An open file, as a stream uses it. */
interface Readable {
  read(into: Uint8Array, offset: number, length: number, position: number | null): Promise<{ bytesRead: number }>;
  write(from: Uint8Array, offset: number, length: number, position: number | null): Promise<{ bytesWritten: number }>;
  close(): Promise<void>;
}

/** How a stream reads. */
export interface ReadStreamOptions {
  readonly encoding?: string;
  readonly start?: number;
  readonly end?: number;
  readonly highWaterMark?: number;
  readonly autoClose?: boolean;
  /** A file that is open already, by its number or its handle. */
  readonly fd?: unknown;
  readonly flags?: string;
  readonly mode?: number;
  readonly signal?: AbortSignal;
}

/** How a stream writes. */
export interface WriteStreamOptions {
  readonly encoding?: string;
  readonly start?: number;
  readonly autoClose?: boolean;
  /** A file that is open already, by its number or its handle. */
  readonly fd?: unknown;
  readonly flags?: string;
  readonly mode?: number;
  readonly flush?: boolean;
  readonly signal?: AbortSignal;
  readonly highWaterMark?: number;
}

type Done = (error?: unknown) => void;

interface NodeStream {
  push(chunk: unknown): boolean;
  destroy(error?: unknown): void;
  emit(event: string, ...args: unknown[]): void;
  bytesRead: number;
  bytesWritten: number;
  path: unknown;
  close(done?: Done): void;
  once(event: string, listener: Done): void;
}

type StreamClass = new (options: object) => NodeStream;

function streamClasses(): { Readable: StreamClass; Writable: StreamClass } {
  return builtin("node:stream");
}

const defaultChunk = 64 * 1024;

/** A stream that reads a file from a place to another. `opening` is a file that is open or comes to be. */
export function readStreamOf(
  opening: Readable | (() => Promise<Readable>),
  options?: ReadStreamOptions | string,
  path?: unknown,
): NodeStream {
  const { encoding, start, end = Infinity, highWaterMark = defaultChunk, autoClose = true, signal } = optionsOf<
    ReadStreamOptions
  >(options);
  let handle: Readable | undefined;
  let position = start;
  let left = end - (start ?? 0) + 1;
  const { Readable } = streamClasses();
  const stream: NodeStream = new Readable({
    encoding,
    highWaterMark,
    signal,
    construct: constructing(opening, (opened) => handle = opened, () => stream),
    read(size: number): void {
      const wanted = Math.min(size, highWaterMark, left);
      if (wanted <= 0) return void stream.push(null);
      const chunk = new Uint8Array(wanted);
      handle!.read(chunk, 0, wanted, position ?? null).then(({ bytesRead }) => {
        left -= bytesRead;
        if (position !== undefined) position += bytesRead;
        stream.bytesRead += bytesRead;
        stream.push(bytesRead === 0 ? null : inEncoding(chunk.subarray(0, bytesRead), undefined));
      }, (error) => stream.destroy(error));
    },
    destroy: destroying(() => autoClose ? handle : undefined),
  });
  return withMembers(stream, path);
}

/** A stream that writes a file. */
export function writeStreamOf(
  opening: Readable | (() => Promise<Readable>),
  options?: WriteStreamOptions | string,
  path?: unknown,
): NodeStream {
  const { encoding, start, autoClose = true, signal, highWaterMark = 16 * 1024 } = optionsOf<WriteStreamOptions>(
    options,
  );
  let handle: Readable | undefined;
  let position = start;
  const { Writable } = streamClasses();
  const stream: NodeStream = new Writable({
    defaultEncoding: encoding ?? "utf8",
    decodeStrings: true,
    signal,
    highWaterMark,
    construct: constructing(opening, (opened) => handle = opened, () => stream),
    write(chunk: Uint8Array, _encoding: string, done: Done): void {
      writeWhole(chunk).then(() => done(), done);
    },
    destroy: destroying(() => autoClose ? handle : undefined),
  });
  async function writeWhole(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength;) {
      const { bytesWritten } = await handle!.write(chunk, at, chunk.byteLength - at, position ?? null);
      at += bytesWritten;
      if (position !== undefined) position += bytesWritten;
      stream.bytesWritten += bytesWritten;
    }
  }
  return withMembers(stream, path);
}

function constructing(
  opening: Readable | (() => Promise<Readable>),
  opened: (handle: Readable) => void,
  stream: () => NodeStream,
): (done: Done) => void {
  return (done) => {
    if (typeof opening !== "function") {
      opened(opening);
      return done();
    }
    opening().then((handle) => {
      opened(handle);
      done();
      stream().emit("open", (handle as unknown as { fd: number }).fd);
      stream().emit("ready");
    }, done);
  };
}

function destroying(handle: () => Readable | undefined): (error: unknown, done: Done) => void {
  return (error, done) => {
    const file = handle();
    if (file === undefined) return done(error);
    file.close().then(() => done(error), (failure) => done(error ?? failure));
  };
}

function withMembers(stream: NodeStream, path: unknown): NodeStream {
  stream.bytesRead = 0;
  stream.bytesWritten = 0;
  stream.path = path;
  stream.close = (done) => {
    if (done !== undefined) stream.once("close", done);
    stream.destroy();
  };
  return stream;
}
