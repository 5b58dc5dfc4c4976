/**
 * Files that Deno's own functions have opened.
 *
 * @module
 */

import type { SimulatedDisk } from "../disk/disk.ts";
import { FileError } from "../disk/errors.ts";
import type { OpenFile } from "../disk/open_file.ts";
import { timeOf } from "./arguments.ts";
import { denoError } from "./deno_errors.ts";
import type { DiskIo } from "./disk_io.ts";
import { SimulatedStats } from "./stats.ts";

/** As `Deno.FileInfo`. */
export function fileInfo(stats: SimulatedStats): object {
  const { size, mode, dev, ino, nlink, uid, gid, rdev, blksize, blocks, atime, mtime, ctime, birthtime } = stats;
  return {
    isFile: stats.isFile(),
    isDirectory: stats.isDirectory(),
    isSymlink: stats.isSymbolicLink(),
    ...{ size, mode, dev, ino, nlink, uid, gid, rdev, blksize, blocks, atime, mtime, ctime, birthtime },
    isBlockDevice: false,
    isCharDevice: false,
    isFifo: false,
    isSocket: false,
  };
}

/** As `Deno.FsFile`. */
export class SimulatedFsFile {
  readonly #io: DiskIo;
  readonly #file: OpenFile;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  constructor(io: DiskIo, file: OpenFile) {
    this.#io = io;
    this.#file = file;
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#readable ??= new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const chunk = new Uint8Array(64 * 1024);
        const count = await this.read(chunk);
        if (count !== null) return controller.enqueue(chunk.subarray(0, count));
        this.close();
        controller.close();
      },
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= new WritableStream<Uint8Array>({
      write: async (chunk) => {
        for (let at = 0; at < chunk.byteLength;) at += await this.write(chunk.subarray(at));
      },
      close: () => this.close(),
      abort: () => this.close(),
    });
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#run("read", () => this.readSync(into));
  }

  readSync(into: Uint8Array): number | null {
    const count = this.#now((disk) => disk.read(this.#file, into, null, { syscall: "read" }));
    return count === 0 && into.byteLength > 0 ? null : count;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#run("write", () => this.writeSync(bytes));
  }

  writeSync(bytes: Uint8Array): number {
    return this.#now((disk) => disk.write(this.#file, bytes, null, { syscall: "write" }));
  }

  seek(offset: number | bigint, whence: number): Promise<number> {
    return this.#run("seek", () => this.seekSync(offset, whence));
  }

  seekSync(offset: number | bigint, whence: number): number {
    const { inode } = this.#file;
    const bases = [0, this.#file.position, inode.kind === "file" ? inode.live.size : 0];
    const position = bases[whence]! + Number(offset);
    if (!(position >= 0)) throw denoError(new FileError("EINVAL", { syscall: "seek" }));
    return this.#file.position = position;
  }

  truncate(length?: number): Promise<void> {
    return this.#run("truncate", () => this.truncateSync(length));
  }

  truncateSync(length: number = 0): void {
    this.#now((disk) => disk.truncate(this.#file, length, { syscall: "ftruncate" }));
  }

  stat(): Promise<object> {
    return this.#run("stat", () => this.statSync());
  }

  statSync(): object {
    return fileInfo(new SimulatedStats(this.#file.inode));
  }

  sync(): Promise<void> {
    return this.#run("sync", () => this.syncSync());
  }

  syncSync(): void {
    this.#now((disk) => disk.sync(this.#file, { syscall: "fsync" }));
  }

  syncData(): Promise<void> {
    return this.sync();
  }

  syncDataSync(): void {
    this.syncSync();
  }

  utime(accessed: unknown, modified: unknown): Promise<void> {
    return this.#run("utimes", () => this.utimeSync(accessed, modified));
  }

  utimeSync(accessed: unknown, modified: unknown): void {
    this.#io.disk.tree.setTimes(this.#file.inode, timeOf(accessed), timeOf(modified));
  }

  isTerminal(): boolean {
    return false;
  }

  close(): void {
    this.#now((disk) => disk.close(this.#file, { syscall: "close" }));
  }

  [Symbol.dispose](): void {
    if (!this.#file.isClosed) this.close();
  }

  async #run<T>(name: string, fn: () => T): Promise<T> {
    return await this.#io.run(`${name} ${this.#file.path}`, fn);
  }

  #now<T>(fn: (disk: SimulatedDisk) => T): T {
    try {
      return fn(this.#io.disk);
    } catch (error) {
      throw denoError(error);
    }
  }
}
