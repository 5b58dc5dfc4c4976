/** The server and its routes. */

import { readFile } from "node:fs/promises";
import { group, interruptible, TimeoutError, withTimeout, WorkerPool } from "../../mod.ts";
import { type RequestContext, serve, type Server } from "../../io/mod.ts";
import { Abandoned } from "./abandoned.ts";
import { json, lines as linesAnswer, pageAnswer, readNumber, round } from "./answers.ts";
import { slowItemCount } from "./chunks.ts";
import { fileView } from "./file_view.ts";
import type { Match } from "./grep_worker.ts";
import type { Indexer } from "./indexer.ts";
import { LineStream } from "./line_stream.ts";
import type { LoopDelay } from "./loop_delay.ts";
import { longestWhile, searchRepeatedly } from "./repeated.ts";
import { snippet } from "./snippet.ts";
import { wordsOf } from "./tokenizer.ts";

/** How many files a worker is given at a time: the fewer, the fairer to other requests; the more, the fewer messages. */
const filesPerCall = 64;
/** How many calls of one request run at once: another request finds a worker as soon as one of them ends. */
const lanes = 2;
/** The files of the page. */
const pageFiles = [
  "page.html",
  "page.css",
  "page.js",
  "block.js",
  "chart.js",
  "figures.js",
  "search.js",
  "text.js",
];

type GrepPool = WorkerPool<typeof import("./grep_worker.ts")>;

export class SearchServer {
  readonly #indexer: Indexer;
  readonly #delay: LoopDelay;
  readonly #deadline: number;
  readonly #pool: GrepPool;
  readonly #abandoned = new Abandoned();
  /** How many files have been handed to the workers. */
  #handedOut = 0;
  #page: ReadonlyMap<string, string> = new Map();
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
    this.#page = new Map(
      await Promise.all(pageFiles.map(async (name): Promise<[string, string]> => [
        name,
        await readFile(new URL(`./page/${name}`, import.meta.url), "utf8"),
      ])),
    );
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
        return pageAnswer(this.#page.get("page.html")!);
      case "/search":
        return this.#search(url.searchParams);
      case "/grep":
        return this.#grep(url.searchParams, context);
      case "/file":
        return this.#file(url.searchParams);
      case "/repeat":
        return this.#repeat(url.searchParams, request.headers);
      case "/stats":
        return this.#statistics(url.searchParams);
      case "/ping":
        return json({});
      default:
        return this.#pagePart(url.pathname) ??
          json({ error: `There is nothing at ${url.pathname}: try /, /search?q=, /grep?re= or /stats` }, 404);
    }
  }

  #pagePart(path: string): Response | undefined {
    const content = this.#page.get(path.slice(1));
    return content === undefined ? undefined : pageAnswer(content, path.endsWith(".css") ? "css" : "javascript");
  }

  #file(parameters: URLSearchParams): Response | Promise<Response> {
    const line = readNumber(parameters.get("line"), 1, 1e9);
    if (line === undefined) return json({ error: "The line is a whole number from 1" }, 400);
    return fileView(this.#indexer, parameters.get("path") ?? "", line);
  }

  /** Searches again and again for a while; naively that blocks the loop. */
  async #repeat(parameters: URLSearchParams, headers: Headers): Promise<Response> {
    // A page of another site could ask for this, to hold up the server, but not with a header of its own.
    if (headers.get("x-millrace-page") !== "1") return json({ error: "Only the page asks for this" }, 403);
    const words = wordsOf(parameters.get("q") ?? "");
    if (words.length === 0) return json({ error: "Say what to search for: /repeat?q=words" }, 400);
    const ms = readNumber(parameters.get("ms"), longestWhile, longestWhile);
    if (ms === undefined) return json({ error: `The time is a whole number of ms from 1 to ${longestWhile}` }, 400);
    const rounds = await searchRepeatedly(this.#indexer.index, words, ms, parameters.get("naively") === "1");
    return json({ rounds });
  }

  async #search(parameters: URLSearchParams): Promise<Response> {
    const query = parameters.get("q")?.trim() ?? "";
    if (query === "") return json({ error: "Say what to search for: /search?q=words" }, 400);
    const limit = readNumber(parameters.get("limit"), 20, 200);
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
    const limit = readNumber(parameters.get("limit"), 1000, 100_000);
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
    return linesAnswer(lines.readable);
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

  /** `since` is the time of an earlier answer: the delay is the longest from then on. Each page asks for itself. */
  #statistics(parameters: URLSearchParams): Response {
    const now = Math.floor(performance.now());
    const since = readNumber(parameters.get("since"), now - 1000, 1e15, 0);
    if (since === undefined) return json({ error: "The time is a whole number of ms, as an answer has it" }, 400);
    const { index, folders, found, finished, bytes, skipped, done, seconds } = this.#indexer;
    return json({
      now,
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
        recent: round(this.#delay.longestSince(since)),
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
    });
  }
}
