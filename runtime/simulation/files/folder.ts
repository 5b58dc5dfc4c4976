/**
 * Folders that are open, as `fs.opendir` answers them.
 *
 * @module
 */

import type { DiskIo } from "./disk_io.ts";
import type { SimulatedDirent } from "./stats.ts";

/** As `fs.Dir`: what was in it when it was opened. */
export class SimulatedDir implements AsyncIterable<SimulatedDirent> {
  readonly path: string;
  readonly #io: DiskIo;
  readonly #entries: SimulatedDirent[];
  #isClosed = false;

  constructor(io: DiskIo, path: string, entries: readonly SimulatedDirent[]) {
    this.#io = io;
    this.path = path;
    this.#entries = [...entries];
  }

  readSync(): SimulatedDirent | null {
    this.#checkOpen();
    return this.#entries.shift() ?? null;
  }

  read(done?: (error: unknown, entry?: SimulatedDirent | null) => void): Promise<SimulatedDirent | null> | void {
    const read = this.#io.run(`read ${this.path}`, () => this.readSync());
    if (done === undefined) return read;
    read.then((entry) => done(null, entry), done);
  }

  closeSync(): void {
    this.#checkOpen();
    this.#isClosed = true;
  }

  close(done?: (error: unknown) => void): Promise<void> | void {
    const closed = this.#io.run(`close ${this.path}`, () => this.closeSync());
    if (done === undefined) return closed;
    closed.then(() => done(null), done);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SimulatedDirent, undefined> {
    try {
      for (let entry = await this.read(); entry; entry = await this.read()) yield entry;
    } finally {
      if (!this.#isClosed) await this.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) await this.close();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw Object.assign(new Error("Directory handle was closed"), { code: "ERR_DIR_CLOSED" });
  }
}
