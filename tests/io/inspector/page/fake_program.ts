/**
 * A program that is made up, for the page to show: a server as the inspector's is, which sends the states that a test wants.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pageHtml, pageIcon, pageScript, pageStyle } from "../../../../io/inspector/page_text.ts";
import type { Command, Hello, State, View } from "../../../../io/inspector/protocol.ts";

/** The policy that the page has to live with. */
const policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "": ["text/html; charset=utf-8", pageHtml],
  "page.js": ["text/javascript; charset=utf-8", pageScript],
  "page.svg": ["image/svg+xml", pageIcon],
  "page.css": ["text/css; charset=utf-8", pageStyle],
};

/** A trace, as the page saves it. */
export const madeTrace = '{"traceEvents":[]}';

/** What the program says and has been told. */
export interface FakeProgram {
  readonly url: string;
  /** The views and the changes that came, in order. */
  readonly views: readonly View[];
  readonly commands: readonly Command[];
  /** The answer to changes. */
  commandStatus: number;
  /** Sends a state to whoever is there, and to whoever comes. */
  send(state: State): void;
  /** Ends all connections and takes no new ones, or is there again. */
  setGone(isGone: boolean): void;
  close(): void;
}

/** Starts a program. */
export async function startFakeProgram(told: Partial<Hello> = {}): Promise<FakeProgram> {
  const views: View[] = [];
  const commands: Command[] = [];
  const streams = new Set<ServerResponse>();
  let clients = 0;
  let last: State | undefined;
  let isGone = false;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = /^\/token\/(.*)$/.exec(request.url ?? "")?.[1];
    if (path === undefined || isGone) return void response.writeHead(403).end();
    const file = files[path];
    if (file !== undefined) {
      response.writeHead(200, { "content-type": file[0], "content-security-policy": policy }).end(file[1]);
    } else if (path === "events") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      const hello: Hello = { client: ++clients, control: false, program: "search", host: "Node 26.10.0", ...told };
      response.write(`retry: 100\nevent: hello\ndata: ${JSON.stringify(hello)}\n\n`);
      if (last !== undefined) response.write(event(last));
      streams.add(response);
      response.on("close", () => streams.delete(response));
    } else if (path === "view") {
      views.push(await bodyOf(request) as View);
      response.writeHead(204).end();
    } else if (path === "control") {
      commands.push(await bodyOf(request) as Command);
      response.writeHead(program.commandStatus).end();
    } else if (path === "trace") {
      response.writeHead(200, { "content-type": "application/json" }).end(madeTrace);
    } else response.writeHead(404).end();
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const program: FakeProgram = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token/`,
    views,
    commands,
    commandStatus: 204,
    send(state) {
      last = state;
      for (const stream of streams) stream.write(event(state));
    },
    setGone(gone) {
      isGone = gone;
      if (gone) { for (const stream of streams) stream.destroy(); }
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return program;
}

function event(state: State): string {
  return `event: state\ndata: ${JSON.stringify(state)}\n\n`;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return JSON.parse(text);
}
