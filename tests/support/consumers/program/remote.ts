/**
 * Functions on other machines, through the engine of this process: the packages of NATS are not installed.
 *
 * @module
 */

import { RemotePool, serveTasks } from "@millrace/millrace/remote";
import { check, feature, type Settings } from "./program.ts";

type Tasks = typeof import("./tasks.ts");

/** Serves the worker module, and calls it; rejects when something does not do what it should. */
export async function useRemote(worker: Settings["worker"]): Promise<void> {
  await feature("RemotePool", async () => {
    const server = await serveTasks(worker, { queue: "consumer", size: 1 });
    const pool = new RemotePool<Tasks>({ queue: "consumer" });
    try {
      const sum = await pool.run("add", [40, 2]);
      check("a served function runs", sum === 42, sum);
      const error = await pool.run("fails", []).catch((error) => error);
      check("an error comes back whole", error instanceof RangeError && error.message === "out of range", error);
      const far = new RemotePool({ servers: "nats://127.0.0.1:1" });
      const missing = await far.run("add", [1, 2]).catch((error) => error) as Error;
      // Bun, where it finds no packages at all, fetches those that a program imports: then the server is missing.
      check("what is missing is named", /npm install @nats-io|connection refused/.test(missing.message), missing);
    } finally {
      await pool.close();
      await server.drain();
    }
  });
}
