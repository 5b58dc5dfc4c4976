/** The servers of remote calls, on loopback, and what CPU time they take. */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNatsServer, NatsServer } from "../tests/support/nats.ts";
import { MissingTool } from "./tools.ts";
import { enders } from "./worker_raw.ts";

/** A server that runs. */
export interface RunningServer {
  readonly address: string;
  /** CPU time of all its threads so far, in us. */
  cpu(): number;
}

/** How long a tick of the system's clock of CPU time is, in us, on every Linux. */
const tick = 10_000;

function cpuOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name of the program, in brackets, may have blanks.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tick;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  enders.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Starts nats-server with JetStream. */
export async function startNats(): Promise<RunningServer> {
  if (findNatsServer() === undefined) throw new MissingTool("nats-server");
  const server = new NatsServer(temporaryFolder());
  // Before it has started: whatever happens meanwhile, it is ended.
  enders.unshift(() => void server.stop());
  await server.start();
  return { address: server.url, cpu: () => cpuOf(server.pid!) };
}

/** Starts redis-server, which keeps nothing on disk. */
export async function startRedis(): Promise<RunningServer> {
  const port = await freePort();
  const words = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = spawn("redis-server", [...words, "--dir", temporaryFolder()], { stdio: ["ignore", "pipe", "inherit"] });
  enders.unshift(() => child.kill("SIGKILL"));
  child.stdout.setEncoding("utf8");
  await new Promise<void>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (more: string) => {
      text += more;
      if (text.includes("Ready to accept connections")) resolve();
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new MissingTool("redis-server") : error);
    });
    child.on("close", (code) => reject(new Error(`redis-server ended with ${code}: ${text}`)));
  });
  return { address: `${port}`, cpu: () => cpuOf(child.pid!) };
}

/** redis-server does not tell which port it has chosen. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
