/** The page and what it asks for. */

import { Cancelled, group, interruptible, sleep } from "../../mod.ts";
import { html, json, type RequestContext, serve, type Server } from "../../io/mod.ts";
import type { RemotePool } from "../../remote.ts";
import { LineStream } from "../search/line_stream.ts";
import type { Board, Call } from "./board.ts";
import { page } from "./page.ts";
import type { Begun } from "./tasks.ts";
import type { Workers } from "./workers.ts";

/** How many files a call has. */
const filesPerCall = 64;
/** How many calls of one search are queued or running. */
const callsAtOnce = 32;
/** How many matches a search gives at most: those of one call fit in a message. */
const mostMatches = 500;
/** How often the page is told of changes at most, in ms, and how often of none. */
const tellEvery = 80, tellAnyway = 500;

/** Nothing from elsewhere, and in no frame: there are buttons that kill. */
const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; " +
  "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface Parts {
  readonly board: Board;
  readonly workers: Workers;
  readonly pool: RemotePool<typeof import("./tasks.ts")>;
  /** The folders that are searched, and their files. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

export class ClusterServer {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Opens the server. */
  open(port: number): Promise<Server> {
    return serve((request, context) => this.#answer(request, context), {
      port,
      // What files say is for whoever sits here. A page of any site could have its name lead to 127.0.0.1 and read it all.
      allowedHosts: ["localhost", "127.0.0.1", "[::1]"],
      drain: { grace: 500, force: 1000 },
    });
  }

  #answer(request: Request, context: RequestContext): Response | Promise<Response> {
    const { pathname, searchParams, origin } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "GET /":
        return html(page, { headers: { "content-security-policy": policy } });
      case "GET /events":
        return this.#events(context);
      case "GET /grep":
        return this.#grep(searchParams, context);
      case "POST /kill":
      case "POST /start": {
        // A page of another site can send this, though not read the answer.
        if ((request.headers.get("origin") ?? origin) !== origin) {
          return json({ error: "Not from there" }, { status: 403 });
        }
        const { workers } = this.#parts;
        const isDone = pathname === "/start" ? workers.start() : workers.kill(searchParams.get("worker") ?? "");
        const error = pathname === "/start" ? "There are as many workers as may be" : "There is no such worker";
        return isDone ? json({}) : json({ error }, { status: 409 });
      }
      default:
        return json({ error: `There is nothing for ${request.method} at ${pathname}` }, { status: 404 });
    }
  }

  /** Tells who does what, as server-sent events, as long as somebody looks. */
  #events({ group }: RequestContext): Response {
    const events = new LineStream(() => telling.cancel(), (value) => `data: ${JSON.stringify(value)}\n\n`);
    const telling = group.spawn(async () => {
      const { changed } = this.#parts.board;
      for (;;) {
        const { value } = changed;
        await interruptible(events.write([this.#state()]));
        await sleep(tellEvery);
        for (let waited = tellEvery; changed.value === value && waited < tellAnyway; waited += tellEvery) {
          await sleep(tellEvery);
        }
      }
    }, { name: "events" });
    return new Response(events.readable, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }

  #state(): unknown {
    const { board, pool, folders, files } = this.#parts;
    const now = performance.now();
    const calls = [...board.calls].map(({ since, ...call }: Call) => ({ ...call, ms: Math.round(now - since) }));
    const running = calls.filter(({ worker }) => worker !== "");
    return {
      workers: [...board.workers.values()],
      running,
      queued: calls.length - running.length,
      again: board.again,
      pool: pool.statistics(),
      lines: board.lines,
      ...{ folders, files: files.length },
    };
  }

  /** Streams matches as calls give them; the last line says how it went. A client that leaves cancels what is left of it. */
  async #grep(parameters: URLSearchParams, { group }: RequestContext): Promise<Response> {
    const [source, flags] = [parameters.get("re") ?? "", parameters.get("flags") ?? ""];
    if (source === "") return json({ error: "Say what to look for: /grep?re=regex" }, { status: 400 });
    try {
      new RegExp(source, flags);
    } catch (error) {
      return json({ error: (error as Error).message }, { status: 400 });
    }
    const lines = new LineStream(() => searching.cancel());
    const searching = group.spawn(() => this.#search(lines, source, flags), { name: `search for ${source}` });
    // Before the first match comes, all that can go wrong is still an error of the answer.
    await interruptible(lines.begun);
    return new Response(lines.readable, { headers: { "content-type": "application/x-ndjson; charset=utf-8" } });
  }

  async #search(lines: LineStream, source: string, flags: string): Promise<void> {
    const began = performance.now();
    try {
      const summary = await this.#searchFiles(lines, source, flags);
      void lines.write([{ ...summary, ms: Math.round(performance.now() - began) }]);
    } catch (error) {
      // The client has gone, or the server drains: nobody reads on.
      if (error instanceof Cancelled) throw error;
      void lines.write([{ error: (error as Error).message }]);
    }
    lines.end();
  }

  /** Goes through the files with many calls at once; enough matches end all of them. */
  async #searchFiles(lines: LineStream, source: string, flags: string) {
    const { files } = this.#parts;
    let [next, calls, again, left] = [0, 0, 0, mostMatches];
    await group((g) => {
      const lane = async (): Promise<void> => {
        while (next < files.length) {
          const paths = files.slice(next, next += filesPerCall);
          const { matches, attempt } = await this.#call(paths, source, flags, left);
          calls++;
          if (attempt > 1) again++;
          const wanted = matches.slice(0, left);
          left -= wanted.length;
          if (wanted.length > 0) await interruptible(lines.write(wanted));
          if (left <= 0) return g.cancel();
        }
      };
      for (let count = 0; count < callsAtOnce; count++) g.spawn(lane, { name: "lane" });
    }, { name: "lanes" });
    return { calls, again, complete: left > 0 };
  }

  async #call(paths: string[], source: string, flags: string, most: number) {
    const { board, pool } = this.#parts;
    const call = board.add(source, paths);
    let isDone = false;
    try {
      const matches = await pool.run("search", [paths, source, flags, most], {
        onProgress: (begun) => {
          const { worker, attempt } = begun as Begun;
          board.begin(call, worker, attempt);
        },
      });
      isDone = true;
      return { matches, attempt: call.attempt };
    } finally {
      board.end(call, isDone);
    }
  }
}
