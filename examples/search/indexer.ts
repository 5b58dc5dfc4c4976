/** Reads the files of the folders and puts their words into the index, in slices, while the server serves. */

import { group, runChunked, type Task } from "../../mod.ts";
import { readBytes, walk } from "../../io/mod.ts";
import { SearchIndex } from "./search_index.ts";
import { Tokenizer } from "./tokenizer.ts";

/** Files above this are left out: they are data, not code. */
const largest = 2 * 1024 * 1024;
/** How many bytes are one item of the chunked work. */
const blockSize = 4096;
/** How many files are read ahead of the one that is indexed. */
const readAhead = 16;
/** How much a word of the path counts. */
const pathWeight = 8;

export class Indexer {
  readonly index: SearchIndex = new SearchIndex();
  /** Files found so far; more come while the walk goes on. */
  found = 0;
  bytes = 0;
  readonly skipped = { binary: 0, large: 0, unreadable: 0 };
  done = false;
  readonly started: number = performance.now();
  #ended: number | undefined = undefined;

  /** How long the indexing has taken so far, in seconds. */
  get seconds(): number {
    return ((this.#ended ?? performance.now()) - this.started) / 1000;
  }

  /** Indexes everything below the folders. */
  async run(folders: readonly string[]): Promise<void> {
    await group(async (g) => {
      const reading: Task<[string, Uint8Array | undefined]>[] = [];
      for (const folder of folders) {
        for await (
          const entry of walk(folder, {
            skip: ({ name }) => name === ".git",
            onError: () => this.skipped.unreadable++,
          })
        ) {
          if (entry.kind !== "file") continue;
          this.found++;
          reading.push(g.spawn(() => this.#read(entry.path), { name: "read" }));
          if (reading.length >= readAhead) await this.#index(...await reading.shift()!);
        }
      }
      for (const read of reading) await this.#index(...await read);
    }, { name: "index" });
    this.#ended = performance.now();
    this.done = true;
  }

  async #read(path: string): Promise<[string, Uint8Array | undefined]> {
    try {
      return [path, await readBytes(path, { maxBytes: largest })];
    } catch (error) {
      if ((error as Error).name === "AbortError") throw error;
      if (error instanceof RangeError) this.skipped.large++;
      else this.skipped.unreadable++;
      return [path, undefined];
    }
  }

  async #index(path: string, bytes: Uint8Array | undefined): Promise<void> {
    if (bytes === undefined) return;
    if (isBinary(bytes)) {
      this.skipped.binary++;
      return;
    }
    const { index } = this;
    index.begin(path, bytes.length);
    await runChunked(function* () {
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
    }, { name: `index ${path}` });
    this.bytes += bytes.length;
  }
}

/** A zero byte near the beginning is the usual sign. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0);
}
