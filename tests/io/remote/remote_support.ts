/** Pools and servers of tests, closed whatever happens. */

import { EmbeddedEngine } from "../../../io/remote/embedded/embedded_engine.ts";
import {
  type QueueOptions,
  RemotePool,
  type RemotePoolOptions,
  serveTasks,
  type ServeTasksOptions,
  type TaskServer,
} from "../../../remote.ts";

/** The functions that are served. */
export const tasks: URL = new URL("./remote_tasks.ts", import.meta.url);
export type Tasks = typeof import("./remote_tasks.ts");

/** What has a pool or a server use a connection of the test's. */
export function by(engine: EmbeddedEngine): { connection: never } {
  // Not of the types that are told to users: nobody else has such a connection.
  return { connection: engine as never };
}

/** What a test has open. */
export interface Remote {
  /** A pool, closed at the end. */
  pool(options?: RemotePoolOptions): RemotePool<Tasks>;
  /** A server, drained at the end. */
  serve(options?: ServeTasksOptions): Promise<TaskServer>;
  /** A server whose machine can die: nothing that it says is heard after `die`. */
  mortal(options?: ServeTasksOptions): Promise<{ readonly server: TaskServer; die(): Promise<void> }>;
  /** A connection, closed at the end. */
  engine(): EmbeddedEngine;
}

/** Calls `body` with what closes at its end; all pools and servers have the options `base`, and those they are given. */
export async function withRemote<T>(body: (remote: Remote) => Promise<T>, base: QueueOptions = {}): Promise<T> {
  const ends: (() => Promise<void>)[] = [];
  const serve = async (options: ServeTasksOptions = {}): Promise<TaskServer> => {
    const server = await serveTasks(tasks, { ...base, size: 1, workers: { startTimeout: Infinity }, ...options });
    ends.push(() => server.drain({ grace: 0 }).catch(() => {}));
    return server;
  };
  const engine = (): EmbeddedEngine => {
    const engine = new EmbeddedEngine("default");
    ends.push(() => engine.close());
    return engine;
  };
  try {
    return await body({
      serve,
      engine,
      pool: (options = {}) => {
        const pool = new RemotePool<Tasks>({ ...base, ...options });
        ends.push(() => pool.close({ timeout: 0 }));
        return pool;
      },
      mortal: async (options = {}) => {
        const own = engine();
        return { server: await serve({ ...options, ...by(own) }), die: () => own.close() };
      },
    });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
