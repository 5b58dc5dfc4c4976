/**
 * `Bun.file` and `Bun.write` on a simulated disk, in their simple forms.
 *
 * @module
 */

import type { FileError } from "../disk/errors.ts";
import { pathOf } from "./arguments.ts";
import type { DiskIo } from "./disk_io.ts";
import type { FilesCall } from "./node_files.ts";
import { pathCalls } from "./path_calls.ts";
import type { SimulatedStats } from "./stats.ts";
import { readSteps, writeSteps } from "./steps.ts";

/** As `Bun.file` answers it. */
export class SimulatedBunFile {
  readonly name: string;
  readonly type: string;
  readonly #io: DiskIo;

  constructor(io: DiskIo, path: unknown, options?: { type?: string }) {
    this.#io = io;
    this.name = pathOf(path);
    this.type = options?.type ?? "application/octet-stream";
  }

  /** 0 for what is not there. */
  get size(): number {
    try {
      return (pathCalls["stat"]!(this.#io.disk, this.name) as SimulatedStats).size;
    } catch {
      return 0;
    }
  }

  async bytes(): Promise<Uint8Array> {
    const bytes = await this.#io.take(readSteps(this.#io.disk, this.name)) as Uint8Array<ArrayBuffer>;
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).slice().buffer as ArrayBuffer;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }

  async exists(): Promise<boolean> {
    const found = await this.stat().catch(() => undefined) as SimulatedStats | undefined;
    return found?.isFile() === true;
  }

  stat(): Promise<unknown> {
    return this.#io.run(`stat ${this.name}`, () => pathCalls["stat"]!(this.#io.disk, this.name));
  }

  async delete(): Promise<void> {
    await this.#io.run(`unlink ${this.name}`, () => pathCalls["unlink"]!(this.#io.disk, this.name));
  }

  async unlink(): Promise<void> {
    await this.delete();
  }

  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        controller.enqueue(await this.bytes());
        controller.close();
      },
    }, { highWaterMark: 0 });
  }

  async write(data: unknown): Promise<number> {
    return await write(this.#io, this, data);
  }
}

/** Makes the folders that a file is to be in, as Bun does, and writes it. */
async function write(io: DiskIo, target: unknown, data: unknown, options?: unknown): Promise<number> {
  const path = target instanceof SimulatedBunFile ? target.name : pathOf(target);
  const bytes = await bytesIn(data);
  const { createPath = true, mode } = (options ?? {}) as { createPath?: boolean; mode?: number };
  const write = () => io.take(writeSteps(io.disk, path, bytes, mode === undefined ? undefined : { mode }));
  try {
    await write();
  } catch (error) {
    if (!createPath || (error as FileError).code !== "ENOENT") throw error;
    const folder = path.slice(0, Math.max(1, path.lastIndexOf("/")));
    await io.run(`mkdir ${folder}`, () => pathCalls["mkdir"]!(io.disk, folder, { recursive: true }));
    await write();
  }
  return bytes.byteLength;
}

async function bytesIn(data: unknown): Promise<Uint8Array> {
  if (typeof data === "string") return new TextEncoder().encode(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data);
  if (data instanceof SimulatedBunFile) return await data.bytes();
  return new Uint8Array(await (data as Blob | Response).arrayBuffer());
}

/** The functions of `Bun`. */
export function bunCalls(): Record<string, FilesCall> {
  return {
    file: (io, path, options) => new SimulatedBunFile(io, path, options as { type?: string }),
    write: (io, target, data, options) => write(io, target, data, options),
  };
}
