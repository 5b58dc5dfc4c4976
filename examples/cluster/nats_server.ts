/** A nats-server for this program alone, on a port that is free, with a store that goes with it. */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { CancelScope, group, shield, sleep, withTimeout } from "../../mod.ts";
import { exec } from "../../io/mod.ts";

/** It is not there, or does not start; the program prints the message and exits with 1. */
export class NatsServerError extends Error {
  override readonly name = "NatsServerError";
}

/** Debian has it where the PATH of most users does not lead. */
const folders = [process.env["PATH"] ?? "", "/usr/sbin", "/usr/local/bin"].join(delimiter);

/** Calls `body` with the URL of a server, which is ended when all of `body` has ended, also by a cancellation. */
export async function withNatsServer<T>(body: (url: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-cluster-"));
  try {
    return await group(async (g) => {
      // A cancellation from outside reaches the workers first: they give back what they hold, to a server that is there.
      const running = new CancelScope({ shield: true });
      g.spawn(() => running.run(() => runServer(folder)), { name: "nats-server" });
      try {
        return await body(await urlOf(folder));
      } finally {
        running.cancel();
      }
    }, { name: "with nats-server" });
  } finally {
    await shield(() => rm(folder, { recursive: true, force: true }), { timeout: 5000 });
  }
}

async function runServer(folder: string): Promise<void> {
  const command = process.env["MILLRACE_NATS_SERVER"] || "nats-server";
  const log = join(folder, "log");
  const place = ["-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", folder];
  const env = { ...process.env, PATH: folders } as Record<string, string>;
  try {
    await exec(command, [...place, "-js", "-sd", join(folder, "store"), "-l", log], { env, check: false });
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    throw new NatsServerError(
      `There is no ${command}. On Debian and its like: apt-get install -y --no-install-recommends nats-server`,
    );
  }
  throw new NatsServerError(`nats-server has ended:\n${await readFile(log, "utf8").catch(() => "")}`);
}

/** The server says which port it has chosen in a file. */
function urlOf(folder: string): Promise<string> {
  return withTimeout(10_000, async () => {
    for (;;) {
      await sleep(10);
      const name = (await readdir(folder)).find((each) => each.endsWith(".ports"));
      try {
        if (name !== undefined) return JSON.parse(await readFile(join(folder, name), "utf8")).nats[0];
      } catch {
        // It is not all written yet.
      }
    }
  });
}
