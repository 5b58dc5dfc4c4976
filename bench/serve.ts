/** Requests a second of `serve`, beside the host's bare server and the adapters that a server on Node could have instead. */

import { createServer } from "node:http";
import { serve } from "../io/mod.ts";
import { type Bench, type Case, peer } from "./harness.ts";
import { bareServer, measureLoad } from "./serve_load.ts";

const hello = () => new Response("hello");
const handle = (_request: Request) => hello();

export const bench: Bench = {
  name: "serve",
  claim: "a scope per request costs at most a tenth (Deno, Bun); on Node no more than the smallest adapter",
  unit: "us/request",
  target: undefined,
  rounds: 7,
  async cases() {
    const { Bun, Deno } = globalThis as { Bun?: unknown; Deno?: unknown };
    const cases: Case[] = [];
    const ours = await serve(hello, { timeout: 10_000 });
    cases.push({ name: "serve, a scope and a timeout per request", kind: "ours", run: () => measureLoad(ours.port) });
    const bare = await bareServer();
    cases.push({ name: bare.name, kind: "floor", run: () => measureLoad(bare.port) });
    if (Bun === undefined && Deno === undefined) {
      const smallest = createServer(async (incoming, outgoing) => {
        const { method, rawHeaders } = incoming;
        const headers: [string, string][] = [];
        for (let at = 0; at < rawHeaders.length; at += 2) headers.push([rawHeaders[at]!, rawHeaders[at + 1]!]);
        const response = await handle(new Request(`http://localhost${incoming.url}`, { method: method!, headers }));
        const text = await response.text();
        outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), "content-length": text.length });
        outgoing.end(text);
      });
      await new Promise<void>((resolve) => smallest.listen(0, "127.0.0.1", resolve));
      const { port: smallestPort } = smallest.address() as { port: number };
      cases.push({
        name: "the smallest adapter, native Request and Response",
        kind: "peer",
        run: () => measureLoad(smallestPort),
      });
      await peer(cases, "@hono/node-server, a Request made when needed", async () => {
        const { serve } = await import("@hono/node-server");
        const port = await new Promise<number>((resolve) =>
          serve(
            { fetch: hello, port: 0, hostname: "127.0.0.1", overrideGlobalObjects: false },
            (it) => resolve(it.port),
          )
        );
        return () => measureLoad(port);
      });
      await peer(cases, "fastify, no Request and no Response", async () => {
        const { fastify } = await import("fastify");
        const app = fastify();
        app.get("/hello", () => "hello");
        await app.listen({ port: 0, host: "127.0.0.1" });
        const { port } = app.server.address() as { port: number };
        return () => measureLoad(port);
      });
    }
    await peer(cases, "srvx, a Request made when needed", async () => {
      const { serve } = await import("srvx");
      const server = serve({ fetch: hello, port: 0, hostname: "127.0.0.1", silent: true, gracefulShutdown: false });
      await server.ready();
      const port = Number(new URL(server.url!).port);
      return () => measureLoad(port);
    });
    return cases;
  },
};
