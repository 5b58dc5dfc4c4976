/** The load of the benches of serve, in a process of its own. */

import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { executableOf } from "../tests/support/hosts.ts";
import type { Timed } from "./harness.ts";

const load = fileURLToPath(new URL("./serve_load.mjs", import.meta.url));

/** How a server is to be loaded. */
export interface Load {
  connections?: number;
  ms?: number;
  /** The size of the body of a POST; 0 for a GET. */
  post?: number;
  wants?: "rate" | "p99";
}

/**
 * Loads a server of this process: microseconds a request, with those of CPU time here, or the 99th percentile of the latency in
 * microseconds.
 */
export function measureLoad(port: number, options: Load & { wants: "p99" }): Promise<number>;
export function measureLoad(port: number, options?: Load): Promise<Timed>;
export function measureLoad(port: number, options: Load = {}): Promise<number | Timed> {
  const { connections = 32, ms = 500, post = 0, wants = "rate" } = options;
  const args = [load, ...[port, connections, ms, post].map(String), wants];
  const cpuBefore = process.cpuUsage();
  const child = spawn(executableOf("node") ?? process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => text += chunk);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      const [figure, answers] = text.split(" ").map(Number) as [number, number];
      if (wants === "p99") return resolve(figure);
      const { user, system } = process.cpuUsage(cpuBefore);
      resolve({ figure, cpu: (user + system) / answers });
    });
  });
}

interface WebHost {
  Bun?: { serve(options: object): { port: number } };
  Deno?: { serve(options: object, handler: () => Response): { addr: { port: number } } };
}

/** The host's own server that says hello; its port and its name. */
export async function bareServer(): Promise<{ port: number; name: string }> {
  const { Bun, Deno } = globalThis as WebHost;
  const hello = () => new Response("hello");
  if (Bun !== undefined) {
    const { port } = Bun.serve({ port: 0, hostname: "127.0.0.1", development: false, idleTimeout: 0, fetch: hello });
    return { port, name: "Bun.serve" };
  }
  if (Deno !== undefined) {
    const { addr } = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, hello);
    return { port: addr.port, name: "Deno.serve" };
  }
  const { createServer } = await import("node:http");
  const server = createServer({ keepAliveTimeout: 60_000 }, (_incoming, outgoing) => {
    outgoing.writeHead(200, { "content-type": "text/plain", "content-length": 5 });
    outgoing.end("hello");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as { port: number }).port, name: "node:http, no Request and no Response" };
}
