/** Requests a second of `serve`, beside the host's bare server and the adapters that a server on Node could have instead. */

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { serve } from "../io/mod.ts";
import { executableOf } from "../tests/support/hosts.ts";
import { type Bench, type Case, peer } from "./harness.ts";

const load = fileURLToPath(new URL("./serve_load.mjs", import.meta.url));
const connections = 32;
const ms = 500;
const hello = () => new Response("hello");
const handle = (_request: Request) => hello();

interface WebHost {
  Bun?: { serve(options: object): { port: number } };
  Deno?: { serve(options: object, handler: () => Response): { addr: { port: number } } };
}

export const bench: Bench = {
  name: "serve",
  claim: "a scope per request costs at most a tenth (Deno, Bun); on Node no more than the smallest adapter",
  unit: "us/request",
  target: undefined,
  rounds: 7,
  async cases() {
    const { Bun, Deno } = globalThis as WebHost;
    const cases: Case[] = [];
    const ours = await serve(hello, { timeout: 10_000 });
    cases.push({ name: "serve, a scope and a timeout per request", kind: "ours", run: () => measureLoad(ours.port) });
    if (Bun !== undefined) {
      const { port } = Bun.serve({ port: 0, hostname: "127.0.0.1", development: false, fetch: hello });
      cases.push({ name: "Bun.serve", kind: "floor", run: () => measureLoad(port) });
    } else if (Deno !== undefined) {
      const { addr } = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, hello);
      cases.push({ name: "Deno.serve", kind: "floor", run: () => measureLoad(addr.port) });
    } else {
      const server = createServer((_incoming, outgoing) => {
        outgoing.writeHead(200, { "content-type": "text/plain", "content-length": 5 });
        outgoing.end("hello");
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as { port: number };
      cases.push({ name: "node:http, no Request and no Response", kind: "floor", run: () => measureLoad(port) });
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

function measureLoad(port: number): Promise<number> {
  const args = [load, String(port), String(connections), String(ms)];
  const child = spawn(executableOf("node") ?? process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => text += chunk);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(Number(text)));
  });
}
