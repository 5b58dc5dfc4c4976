/**
 * A page that shows what the program does, and its server.
 *
 * Who can reach it may see names of tasks and requests, so that strangers have to be kept out: it listens on this machine alone, under a path
 * that nobody can guess; it answers nobody who calls it by another name, as a web site does whose name was made to point here; and no other
 * site's page may read its answers or put it into a frame.
 *
 * @module
 */

import { randomHex } from "../../runtime/basics/bytes.ts";
import { checkBoolean, checkOptions, show } from "../../runtime/basics/check.ts";
import { hostVersion, programName } from "../../runtime/system/environment.ts";
import { hideGroup } from "../../scheduler/inspection/task_walk.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { laneOf } from "../../scheduler/queue/priority.ts";
import { currentScope, within } from "../../scheduler/scopes/current_scope.ts";
import { groupAround } from "../../scheduler/scopes/scope.ts";
import { reportUnhandled } from "../../scheduler/scopes/unhandled.ts";
import { checkpoint, sleep } from "../../scheduler/waits/sleep.ts";
import { startTrace } from "../../scheduler/inspection/mod.ts";
import { unlistServer } from "../serve/live_servers.ts";
import { serve, type Server } from "../serve/mod.ts";
import { Clients } from "./clients.ts";
import { serverOf } from "./figures.ts";
import { readCommand, readView } from "./messages.ts";
import { pageHtml, pageIcon, pageScript, pageStyle } from "./page_text.ts";
import type { Command } from "./protocol.ts";

/** How an inspector is to be. */
export interface InspectorOptions {
  /** The address to listen on; another one than this machine's own needs a `token`. Default: "127.0.0.1". */
  hostname?: string;
  /** The port; 0 lets the system choose. Default: 0. */
  port?: number;
  /**
   * The part of its URL that nobody is to guess: letters, digits, "-" and "_". It is all that keeps others out: take 32 random ones.
   * Default: such a one, made anew each time.
   */
  token?: string;
  /** May the page change something: cancel tasks, change their priority, drain servers? Default: false. */
  control?: boolean;
  /** Is the URL printed to the error stream? Default: true. */
  print?: boolean;
}

/** The inspector of a program; made by {@linkcode inspector}. */
export interface Inspector {
  /** Where the page is. It has the token: who knows it may look. */
  readonly url: URL;
  /** Ends it, with the pages that look. A second call gives the same promise. */
  close(): Promise<void>;
  /** `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The most bytes of what a page sends. */
const longestMessage = 16_384;

/** For how long the page records a trace, in ms. */
const traceTime = 5000;

const loopback = ["127.0.0.1", "localhost", "::1", "[::1]"];
const tokenPattern = /^[\w-]+$/;

/**
 * Opens a page that shows what the program does: its groups and tasks with what they wait for, circles of waits, the delay of the loop,
 * pools, servers and their requests. It is there for a person who looks; while nobody does it costs nothing.
 *
 * It does not hold the process (on Deno a page that looks does), and ends with the group around the call. Of itself it shows nothing.
 *
 * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range; {TypeError} for an address other than this machine's
 * own without a `token`.
 * @throws {Error} (rejection) when it cannot listen.
 *
 * @example
 * ```ts
 * import { inspector } from "@millrace/millrace/io";
 *
 * await using page = await inspector({ print: false });
 * console.log((await fetch(page.url)).status); // -> 200
 * ```
 */
export function inspector(options: InspectorOptions = {}): Promise<Inspector> {
  checkOptions(options, "an inspector", ["hostname", "port", "token", "control", "print"]);
  const { hostname = "127.0.0.1", port = 0, token = randomHex(16), control = false, print = true } = options;
  checkBoolean(control, "control");
  checkBoolean(print, "print");
  if (typeof token !== "string" || !tokenPattern.test(token)) {
    throw new TypeError(`A token is made of letters, digits, "-" and "_": received ${show(token)}`);
  }
  const isLocal = loopback.includes(hostname);
  if (!isLocal && options.token === undefined) {
    throw new TypeError(
      `An inspector that others can reach needs a token of its own: received ${show(hostname)} and none`,
    );
  }
  const owner = groupAround(currentScope());
  // It belongs to no task: the page is to show also a program that hangs.
  return within(undefined, () => open(token, isLocal, control), undefined).then((opened) => {
    const close = (): void => void opened.close().catch(reportUnhandled);
    if (owner?.closed) close();
    else owner?.whenClosed(close);
    if (print) loop().host.report(`The inspector is at ${opened.url}`);
    return opened;
  });

  async function open(token: string, isLocal: boolean, control: boolean): Promise<OpenInspector> {
    const opened = new OpenInspector(token, isLocal, control);
    await opened.open(hostname, port);
    return opened;
  }
}

const safe = {
  "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** An answer; none of them may be kept, framed or read by others. */
function answer(
  body: string | ReadableStream<Uint8Array> | null,
  status: number,
  headers: Record<string, string>,
): Response {
  return new Response(body, { status, headers: { ...safe, ...headers } });
}

function text(body: string, status: number): Response {
  return answer(`${body}\n`, status, { "content-type": "text/plain; charset=utf-8" });
}

const done = (): Response => answer(null, 204, {});

/** The server behind the page. */
class OpenInspector implements Inspector {
  url!: URL;
  readonly #token: string;
  readonly #isLocal: boolean;
  readonly #control: boolean;
  readonly #clients: Clients;
  #server!: Server;
  #isRecording = false;

  constructor(token: string, isLocal: boolean, control: boolean) {
    this.#token = token;
    this.#isLocal = isLocal;
    this.#control = control;
    this.#clients = new Clients({
      hello: { control, program: programName(), host: hostVersion() },
      isOwn: (name) => name.includes(token),
    });
  }

  async open(hostname: string, port: number): Promise<void> {
    this.#server = await serve((request) => this.#handle(request), {
      hostname,
      port,
      name: "inspector",
      hold: false,
      bodyLimit: longestMessage,
      drain: { grace: 0, force: 1000 },
    });
    unlistServer(this.#server);
    this.url = new URL(`${this.#token}/`, this.#server.url);
  }

  async close(): Promise<void> {
    this.#clients.close();
    await this.#server.drain();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #handle(request: Request): Response | Promise<Response> {
    const group = groupAround(currentScope());
    if (group !== undefined) hideGroup(group);
    const { host, pathname } = new URL(request.url);
    if (this.#isLocal && !this.#isOwnHost(host)) return text("This inspector answers only by its own address", 403);
    const [, token, path, ...more] = pathname.split("/");
    if (!isSame(token ?? "", this.#token) || path === undefined || more.length > 0) {
      return text("The URL of an inspector has its token, as it was printed when it was opened", 403);
    }
    const { method } = request;
    if (method === "GET") return this.#get(path);
    if (method === "POST" && (path === "view" || path === "control")) return this.#post(path, request);
    return text("There is nothing of this kind here", method === "POST" ? 404 : 405);
  }

  #get(path: string): Response {
    switch (path) {
      case "":
        return answer(pageHtml, 200, { "content-type": "text/html; charset=utf-8" });
      case "page.js":
        return answer(pageScript, 200, { "content-type": "text/javascript; charset=utf-8" });
      case "page.css":
        return answer(pageStyle, 200, { "content-type": "text/css; charset=utf-8" });
      case "page.svg":
        return answer(pageIcon, 200, { "content-type": "image/svg+xml" });
      case "events":
        if (this.#clients.isFull) return text("As many pages look as may at once: close one of them", 503);
        return answer(this.#clients.open(), 200, { "content-type": "text/event-stream" });
      case "trace":
        if (this.#isRecording) return text("A trace is being recorded: one at a time", 409);
        return answer(this.#record(), 200, {
          "content-type": "application/json",
          "content-disposition": 'attachment; filename="millrace-trace.json"',
        });
      default:
        return text("There is nothing of this kind here", 404);
    }
  }

  async #post(path: "view" | "control", request: Request): Promise<Response> {
    // A form of another site's could send neither: its types are others.
    if (request.headers.get("content-type") !== "application/json") return text("What is sent here is JSON", 415);
    if (path === "control" && !this.#control) return text("This inspector only shows: open it with control: true", 403);
    let value: unknown;
    try {
      value = await request.json();
    } catch (error) {
      if (error instanceof SyntaxError) return text("This is no JSON", 400);
      throw error;
    }
    if (path === "view") {
      const view = readView(value);
      if (view === undefined) return text("This is no view", 400);
      return this.#clients.look(view) ? done() : text("There is no such client", 404);
    }
    const command = readCommand(value);
    if (command === undefined) return text("This is no command", 400);
    return this.#obey(command) ? done() : text("It is not there any more", 404);
  }

  #obey(command: Command): boolean {
    if (command.do === "drain") {
      const server = serverOf(command.server);
      // Nobody waits for it here: a drain has its own bounds, and its summary is `server.finished`.
      if (server !== undefined) within(undefined, () => void server.drain().catch(reportUnhandled), undefined);
      return server !== undefined;
    }
    const task = this.#clients.taskOf(command.task);
    if (task === undefined || task.ended) return false;
    if (command.do === "cancel") {
      task.cancel("cancel", "cancelled on the page of the inspector");
    } else {
      task.baseLane = laneOf(command.priority);
      task.relane();
    }
    return true;
  }

  /** Records for a while, then gives the trace in pieces. The page's own requests are in it, but not the way to it. */
  #record(): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    const trace = startTrace({ stacks: true });
    this.#isRecording = true;
    let pieces: Generator<string> | undefined;
    let hasEnded = false;
    const end = (): void => {
      // A client that leaves ends it twice, and by the second time the next recording may have begun.
      if (hasEnded) return;
      hasEnded = true;
      trace[Symbol.dispose]();
      this.#isRecording = false;
    };
    return new ReadableStream({
      pull: async (controller) => {
        try {
          if (pieces === undefined) {
            // Something has to be sent, or the page could not show that it is being recorded.
            controller.enqueue(encoder.encode(" "));
            await sleep(traceTime);
            pieces = trace.pieces();
          }
          for (;;) {
            const { done, value } = pieces.next();
            if (done) break;
            if (value !== "") return controller.enqueue(encoder.encode(value.replaceAll(this.#token, "…")));
            await checkpoint();
          }
          end();
          controller.close();
        } catch (error) {
          end();
          throw error;
        }
      },
      cancel: end,
    });
  }

  /** Is this how a page of our own calls the server? A site whose name was made to point here calls it by that name. */
  #isOwnHost(host: string): boolean {
    const port = `:${this.#server.port}`;
    return host.endsWith(port) && loopback.includes(host.slice(0, -port.length));
  }
}

/** Are two tokens the same? It takes as long wherever they differ. */
function isSame(token: string, other: string): boolean {
  let difference = token.length ^ other.length;
  for (let index = 0; index < token.length; index++) difference |= token.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
