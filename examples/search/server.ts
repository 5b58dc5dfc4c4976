/** The four routes. */

import { group, interruptible, TimeoutError, withTimeout, WorkerPool } from "../../mod.ts";
import { html, readBytes, type RequestContext, serve, type Server } from "../../io/mod.ts";
import { Abandoned } from "./abandoned.ts";
import { inChunks, slowItemCount } from "./chunks.ts";
import type { Match } from "./grep_worker.ts";
import { type Indexer, largestFile } from "./indexer.ts";
import { LineStream } from "./line_stream.ts";
import type { LoopDelay } from "./loop_delay.ts";
import { page } from "./page.ts";
import { Tokenizer, type Words, wordsOf } from "./tokenizer.ts";

/** How many files a worker is given at a time: the fewer, the fairer to other requests; the more, the fewer messages. */
const filesPerCall = 64;
/** How many calls of one request run at once: another request finds a worker as soon as one of them ends. */
const lanes = 2;
/** How much of a line is shown. */
const longestLine = 200;

type GrepPool = WorkerPool<typeof import("./grep_worker.ts")>;

export class SearchServer {
  readonly #indexer: Indexer;
  readonly #delay: LoopDelay;
  readonly #deadline: number;
  readonly #pool: GrepPool;
  readonly #abandoned = new Abandoned();
  /** How many files have been handed to the workers. */
  #handedOut = 0;
  #server: Server | undefined = undefined;

  constructor(indexer: Indexer, delay: LoopDelay, deadline: number) {
    this.#indexer = indexer;
    this.#delay = delay;
    this.#deadline = deadline;
    // A search that is given up is to have left its worker within 50 ms, were it stuck in a regular expression: then the
    // worker is replaced.
    this.#pool = new WorkerPool(new URL("./grep_worker.ts", import.meta.url), { name: "grep", teardownTimeout: 25 });
  }

  /** Opens the server. */
  async open(port: number): Promise<Server> {
    this.#server = await serve((request, context) => this.#answer(request, context), {
      port,
      // What files say is for whoever sits here. A page of any site could have its name lead to 127.0.0.1 and read it all.
      allowedHosts: ["localhost", "127.0.0.1", "[::1]"],
      timeout: this.#deadline,
      drain: { grace: 2000, force: 4000 },
    });
    return this.#server;
  }

  /** Ends the workers. */
  close(): Promise<void> {
    return this.#pool.close({ timeout: 0 });
  }

  #answer(request: Request, context: RequestContext): Response | Promise<Response> {
    const url = new URL(request.url);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return json({ error: `${request.method} is not allowed here: use GET` }, 405, { allow: "GET, HEAD" });
    }
    switch (url.pathname) {
      case "/":
        return html(page);
      case "/search":
        return this.#search(url.searchParams);
      case "/grep":
        return this.#grep(url.searchParams, context);
      case "/stats":
        return json(this.#statistics());
      default:
        return json({ error: `There is nothing at ${url.pathname}: try /, /search?q=, /grep?re= or /stats` }, 404);
    }
  }

  async #search(parameters: URLSearchParams): Promise<Response> {
    const query = parameters.get("q")?.trim() ?? "";
    if (query === "") return json({ error: "Say what to search for: /search?q=words" }, 400);
    const limit = readLimit(parameters.get("limit"), 20, 200);
    if (limit === undefined) return json({ error: "The limit is a whole number from 1 to 200" }, 400);
    const began = performance.now();
    const words = wordsOf(query);
    const hits = await this.#indexer.index.search(words, limit);
    const results = [];
    for (const { path, score } of hits) {
      results.push({ path, score: Math.round(score * 1000) / 1000, ...await snippet(path, words) });
    }
    const ms = Math.round((performance.now() - began) * 10) / 10;
    return json({ query, files: this.#indexer.index.files.length, complete: this.#indexer.done, ms, results });
  }

  /** Streams matches as they are found. Until the first one the answer is still open: 400, 504 and 200 are possible. */
  async #grep(parameters: URLSearchParams, context: RequestContext): Promise<Response> {
    const source = parameters.get("re") ?? "";
    const flags = parameters.get("flags") ?? "";
    if (source === "") return json({ error: "Say what to look for: /grep?re=regex" }, 400);
    const limit = readLimit(parameters.get("limit"), 1000, 100_000);
    if (limit === undefined) return json({ error: "The limit is a whole number from 1 to 100000" }, 400);
    try {
      new RegExp(source, flags);
    } catch (error) {
      return json({ error: (error as Error).message }, 400);
    }
    // A HEAD request leaves the body without closing the connection.
    const lines = new LineStream(() => scan.cancel());
    const scan = context.group.spawn(() => this.#scan(lines, source, flags, limit), { name: "grep" });
    await interruptible(lines.begun);
    return new Response(lines.readable, { headers: { "content-type": "application/x-ndjson; charset=utf-8" } });
  }

  async #scan(lines: LineStream, source: string, flags: string, limit: number): Promise<void> {
    try {
      // The server's own deadline is for the start of an answer; this one is for all of it.
      await withTimeout(
        this.#deadline,
        () => this.#abandoned.watch(() => this.#scanFiles(lines, source, flags, limit)),
      );
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      // Not begun: the server answers 504 by itself.
      if (!lines.hasBegun) return;
      void lines.write([{ error: `Stopped after ${this.#deadline} ms: there may be more matches` }]);
    }
    lines.end();
  }

  /** Goes through the files with a few calls at once; enough matches end all of them. */
  async #scanFiles(lines: LineStream, source: string, flags: string, limit: number): Promise<void> {
    const { files } = this.#indexer.index;
    let next = 0;
    let left = limit;
    await group((g) => {
      const lane = async (): Promise<void> => {
        while (next < files.length) {
          const paths = files.slice(next, next += filesPerCall).map(({ path }) => path);
          this.#handedOut += paths.length;
          for await (const matches of this.#pool.stream("grep", [paths, source, flags, left])) {
            const wanted: Match[] = matches.slice(0, left);
            left -= wanted.length;
            await interruptible(lines.write(wanted));
            if (left <= 0) return g.cancel();
          }
        }
      };
      for (let count = 0; count < lanes; count++) g.spawn(lane, { name: "lane" });
    });
  }

  #statistics(): unknown {
    const { index, folders, found, finished, bytes, skipped, done, seconds } = this.#indexer;
    return {
      indexing: {
        folders,
        done,
        found,
        finished,
        files: index.files.length,
        bytes,
        seconds: round(seconds),
        megabytesPerSecond: round(bytes / 1e6 / seconds),
        skipped,
        words: index.words,
        postings: index.postings,
      },
      loop: {
        delay: round(this.#delay.latest),
        recent: round(this.#delay.takeRecent()),
        p50: round(this.#delay.percentile(50)),
        p99: round(this.#delay.percentile(99)),
        longest: round(this.#delay.longest),
        slowItems: slowItemCount(),
      },
      pool: this.#pool.statistics(),
      grep: {
        files: this.#handedOut,
        abandoned: this.#abandoned.count,
        freedAfter: round(this.#abandoned.latest),
        longestFreedAfter: round(this.#abandoned.longest),
      },
      server: this.#server!.statistics(),
    };
  }
}

/** The first line of a file that has one of the words. */
async function snippet(path: string, words: Words): Promise<{ line?: number; text?: string }> {
  const bytes = await readBytes(path, { maxBytes: largestFile }).catch((error) => {
    // The file is not what it was when it was indexed; a cancellation is another matter.
    if ((error as Error).name === "AbortError") throw error;
  });
  if (bytes === undefined) return {};
  return await inChunks("snippet", () => firstLine(bytes, words));
}

/** Long lines are looked through in parts: they would make long items, and nobody reads a line of a megabyte. */
function* firstLine(bytes: Uint8Array, words: Words): Generator<void, { line?: number; text?: string }> {
  let hit = false;
  const tokenizer = new Tokenizer((high, low) => hit ||= words.some((word) => word[0] === high && word[1] === low));
  let line = 1;
  for (let start = 0, end; start < bytes.length; start = end) {
    const newline = bytes.subarray(start, start + longestLine).indexOf(10);
    end = newline < 0 ? Math.min(start + longestLine, bytes.length) : start + newline + 1;
    tokenizer.take(bytes, start, end);
    if (end === bytes.length) tokenizer.end();
    if (hit) {
      // The word may have begun in the part before.
      const before = bytes.subarray(Math.max(0, start - 40), start);
      const from = start - before.length + before.lastIndexOf(10) + 1;
      return {
        line,
        text: new TextDecoder().decode(bytes.subarray(from, end)).replace(/^\uFFFD+|\uFFFD+$/g, "").trim(),
      };
    }
    if (newline >= 0) line++;
    yield;
  }
  return {};
}

function readLimit(text: string | null, usual: number, most: number): number | undefined {
  if (text === null) return usual;
  const limit = Number(text);
  return Number.isInteger(limit) && limit >= 1 && limit <= most ? limit : undefined;
}

function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value) + "\n", {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
  });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
