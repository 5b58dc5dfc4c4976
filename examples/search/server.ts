/** The four routes. */

import { type Cancelled, checkpoint, interruptible, TimeoutError, withTimeout, WorkerPool } from "../../mod.ts";
import { readBytes, type RequestContext, serve, type Server } from "../../io/mod.ts";
import type { Match } from "./grep_worker.ts";
import type { Indexer } from "./indexer.ts";
import { LineStream } from "./line_stream.ts";
import type { LoopDelay } from "./loop_delay.ts";
import { page } from "./page.ts";
import { wordsOf } from "./tokenizer.ts";

/** How many files a worker is given at a time: the fewer, the fairer to other requests; the more, the fewer messages. */
const filesPerCall = 64;
/** How many calls of one request run at once: another request finds a worker as soon as one of them ends. */
const lanes = 2;
/** How much of a file is looked through for a line to show. */
const snippetBytes = 256 * 1024;

type GrepPool = WorkerPool<typeof import("./grep_worker.ts")>;

export class SearchServer {
  readonly #indexer: Indexer;
  readonly #delay: LoopDelay;
  readonly #deadline: number;
  readonly #pool: GrepPool;
  #server: Server | undefined = undefined;

  constructor(indexer: Indexer, delay: LoopDelay, deadline: number) {
    this.#indexer = indexer;
    this.#delay = delay;
    this.#deadline = deadline;
    this.#pool = new WorkerPool(new URL("./grep_worker.ts", import.meta.url), { name: "grep", teardownTimeout: 250 });
  }

  /** Opens the server. */
  async open(port: number): Promise<Server> {
    this.#server = await serve((request, context) => this.#answer(request, context), {
      port,
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
        return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
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
      results.push({ path, score: Math.round(score * 1000) / 1000, ...await snippet(path, query) });
      await checkpoint();
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
    const lines = new LineStream();
    context.group.spawn(() => this.#scan(lines, source, flags, limit), { name: "grep" });
    await interruptible(lines.begun);
    return new Response(lines.readable, { headers: { "content-type": "application/x-ndjson; charset=utf-8" } });
  }

  async #scan(lines: LineStream, source: string, flags: string, limit: number): Promise<void> {
    try {
      // A little earlier than the 504 of an answer that has not begun, which needs no last line.
      await withTimeout(this.#deadline, () => this.#scanFiles(lines, source, flags, limit));
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error as Cancelled;
      // Not begun: the server answers 504 by itself.
      if (!lines.hasBegun) return;
      await lines.write([{ error: `Stopped after ${this.#deadline} ms: there may be more matches` }]);
    }
    lines.end();
  }

  /** Goes through the files with as many calls at once as there are workers. */
  async #scanFiles(lines: LineStream, source: string, flags: string, limit: number): Promise<void> {
    const { files } = this.#indexer.index;
    let next = 0;
    let left = limit;
    const lane = async (): Promise<void> => {
      while (next < files.length && left > 0) {
        const paths = files.slice(next, next += filesPerCall).map(({ path }) => path);
        for await (const matches of this.#pool.stream("grep", [paths, source, flags, left])) {
          const wanted: Match[] = matches.slice(0, left);
          left -= wanted.length;
          await interruptible(lines.write(wanted));
          if (left <= 0) break;
        }
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  #statistics(): unknown {
    const { index, found, bytes, skipped, done, seconds } = this.#indexer;
    return {
      indexing: {
        done,
        found,
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
      },
      pool: this.#pool.statistics(),
      server: this.#server!.statistics(),
    };
  }
}

/** The first line of a file that has one of the query's words. */
async function snippet(path: string, query: string): Promise<{ line?: number; text?: string }> {
  const bytes = await readBytes(path).catch(() => undefined);
  if (bytes === undefined) return {};
  const words = query.toLowerCase().split(/[^\p{L}\p{N}_$]+/u).filter((word) => word.length > 1);
  const lines = new TextDecoder().decode(bytes.subarray(0, snippetBytes)).split("\n");
  const at = lines.findIndex((line) => {
    const text = line.toLowerCase();
    return words.some((word) => text.includes(word));
  });
  return at < 0 ? {} : { line: at + 1, text: lines[at]!.trim().slice(0, 200) };
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
