/**
 * A server of the benches, in a process of its own: prints its port, then for the lines of its input, which are "cpu" or "memory",
 * the CPU time of the process in us, or its memory in bytes. Ends with its input.
 */

import { createServer } from "node:http";
import process from "node:process";
import { serve, type ServeOptions, text } from "../io/mod.ts";
import { bareServer } from "./serve_bare.ts";

const hello = (): Response => new Response("hello");
const place = { port: 0, hostname: "127.0.0.1" };

const kinds: Readonly<Record<string, () => Promise<number>>> = {
  ours: () => ours(hello),
  text: () => ours(() => text("hello"), { lazyRequests: true }),
  bare: bareServer,
  smallest,
  hono: () => hono(false),
  "hono-global": () => hono(true),
  fastify,
  srvx: () => srvx(hello),
  async "srvx-fast"() {
    const { FastResponse } = await import("srvx");
    return await srvx(() => new FastResponse("hello"));
  },
};

async function ours(handler: () => Response, options?: ServeOptions): Promise<number> {
  return (await serve(handler, { timeout: 10_000, keepAlive: Infinity, ...options })).port;
}

async function smallest(): Promise<number> {
  const server = createServer(async (incoming, outgoing) => {
    const { method, rawHeaders } = incoming;
    const headers: [string, string][] = [];
    for (let at = 0; at < rawHeaders.length; at += 2) headers.push([rawHeaders[at]!, rawHeaders[at + 1]!]);
    const request = new Request(`http://localhost${incoming.url}`, { method: method!, headers });
    const response = await ((_request: Request) => hello())(request);
    const text = await response.text();
    outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), "content-length": text.length });
    outgoing.end(text);
  });
  await new Promise<void>((resolve) => server.listen(place.port, place.hostname, resolve));
  return (server.address() as { port: number }).port;
}

async function hono(overrideGlobalObjects: boolean): Promise<number> {
  const { serve } = await import("@hono/node-server");
  return await new Promise((resolve) => {
    // A Response of the global that it may have replaced.
    const fetch = (): Response => new Response("hello");
    serve({ fetch, ...place, overrideGlobalObjects }, ({ port }) => resolve(port));
  });
}

async function fastify(): Promise<number> {
  const { fastify } = await import("fastify");
  const app = fastify();
  app.get("/hello", () => "hello");
  await app.listen({ port: place.port, host: place.hostname });
  return (app.server.address() as { port: number }).port;
}

async function srvx(fetch: () => Response): Promise<number> {
  const { serve } = await import("srvx");
  const server = serve({ fetch, ...place, silent: true, gracefulShutdown: false });
  await server.ready();
  return Number(new URL(server.url!).port);
}

const { gc } = globalThis as { gc?: () => void };
const { Bun } = globalThis as { Bun?: { gc(full: boolean): void } };

function told(what: string): number {
  if (what === "cpu") {
    const { user, system } = process.cpuUsage();
    return user + system;
  }
  if (Bun === undefined) gc?.();
  else Bun.gc(true);
  return process.memoryUsage().rss;
}

try {
  const port = await kinds[process.argv[2]!]!();
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (line: string) => console.log(told(line.trim())));
  process.stdin.on("end", () => process.exit());
  console.log(port);
} catch (error) {
  console.log((error as Error).message.split("\n")[0]);
  process.exit(1);
}
