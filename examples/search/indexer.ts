/** Reads the files of the folders and puts their words into the index, in slices, while the server serves. */

import { checkpoint, group, interruptible, type Task } from "../../mod.ts";
import { readBytes, walk } from "../../io/mod.ts";
import { inChunks } from "./chunks.ts";
import { SearchIndex } from "./search_index.ts";
import { Tokenizer } from "./tokenizer.ts";

/** Files above this are left out: they are data, not code. */
export const largestFile: number = 1024 * 1024;
/** How many bytes are one item of the chunked work. */
const blockSize = 4096;
/** How many files are read ahead of the one that is indexed. */
const readAhead = 4;
/** How many entries of a folder are listed in one turn. */
const listedAtOnce = 256;
/** How much a word of the path counts. */
const pathWeight = 8;

type Memory = Uint8Array<ArrayBuffer>;

/** A file that has been read, or is left out. */
interface Read {
  path: string;
  memory: Memory;
  bytes: Uint8Array | undefined;
}

export class Indexer {
  readonly index: SearchIndex = new SearchIndex();
  /** The folders that are indexed. */
  folders: readonly string[] = [];
  /** Bytes of the files in the index. */
  bytes = 0;
  /** Files left out, by the reason, and folders that could not be listed. */
  readonly skipped = { binary: 0, large: 0, unreadable: 0, folders: 0 };
  /** Are all files in the index? */
  done = false;
  readonly #started: number = performance.now();
  #ended: number | undefined = undefined;
  /** The files found so far; the walk runs ahead of the reading, so that the progress has something to be measured by. */
  readonly #paths: string[] = [];
  #walked = false;
  /** Wakes the reader that has read all that was found. */
  #wake: () => void = () => {};

  /** How many files have been found so far. */
  get found(): number {
    return this.#paths.length;
  }

  /** How many of the files found are in the index, or left out. */
  get finished(): number {
    const { binary, large, unreadable } = this.skipped;
    return this.index.files.length + binary + large + unreadable;
  }

  /** How long the indexing has taken so far, in seconds. */
  get seconds(): number {
    return ((this.#ended ?? performance.now()) - this.#started) / 1000;
  }

  /** Indexes everything below the folders. */
  async run(folders: readonly string[]): Promise<void> {
    this.folders = folders;
    await group(async (g) => {
      g.spawn(() => this.#walk(folders), { name: "walk" });
      const reading: Task<Read>[] = [];
      // The memory of a file that has been indexed is that of the next one: new memory for each is work for the
      // garbage collector, which stops the loop for longer than a slice.
      const spare: Memory[] = [];
      for (let next = 0;;) {
        while (reading.length < readAhead && next < this.found) {
          const path = this.#paths[next++]!;
          const memory = spare.pop() ?? new Uint8Array(largestFile);
          reading.push(g.spawn(() => this.#read(path, memory), { name: "read" }));
        }
        const read = await reading.shift();
        if (read !== undefined) {
          if (read.bytes !== undefined) await this.#index(read.path, read.bytes);
          spare.push(read.memory);
        } else if (this.#walked) break;
        else await interruptible(new Promise<void>((resolve) => this.#wake = resolve));
      }
    }, { name: "index" });
    this.#ended = performance.now();
    this.done = true;
  }

  async #walk(folders: readonly string[]): Promise<void> {
    let listed = 0;
    for (const folder of folders) {
      const entries = walk(folder, {
        skip: ({ name }) => name === ".git",
        onError: () => this.skipped.folders++,
      });
      for await (const { kind, path } of entries) {
        if (kind === "file") this.#paths.push(path);
        this.#wake();
        if (++listed % listedAtOnce === 0) await checkpoint();
      }
    }
    this.#walked = true;
    this.#wake();
  }

  async #read(path: string, memory: Memory): Promise<Read> {
    try {
      return { path, memory, bytes: await readBytes(path, { into: memory }) };
    } catch (error) {
      if ((error as Error).name === "AbortError") throw error;
      if (error instanceof RangeError) this.skipped.large++;
      else this.skipped.unreadable++;
      return { path, memory, bytes: undefined };
    }
  }

  async #index(path: string, bytes: Uint8Array): Promise<void> {
    if (isBinary(bytes)) {
      this.skipped.binary++;
      return;
    }
    const { index } = this;
    index.begin(path, bytes.length);
    await inChunks(`index ${path}`, function* () {
      let weight = pathWeight;
      const tokenizer = new Tokenizer((high, low) => index.add(high, low, weight));
      const name = new TextEncoder().encode(path);
      tokenizer.take(name, 0, name.length);
      tokenizer.end();
      weight = 1;
      for (let at = 0; at < bytes.length; at += blockSize) {
        yield;
        tokenizer.take(bytes, at, Math.min(at + blockSize, bytes.length));
      }
      tokenizer.end();
    });
    this.bytes += bytes.length;
  }
}

/** A zero byte near the beginning is the usual sign. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0);
}
