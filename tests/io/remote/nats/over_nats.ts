/** Pools and servers of tests over a real nats-server, in this process and in others. */

import process from "node:process";
import type { Engine } from "../../../../io/remote/engine/engine.ts";
import { natsEngine } from "../../../../io/remote/nats/nats_engine.ts";
import type { QueueOptions, RemoteRunOptions, ServeTasksOptions } from "../../../../remote.ts";
import { type Child, type ChildOptions, start } from "../../../support/child.ts";
import { type NatsServer, withNats } from "../../../support/nats.ts";
import { within, withinTest } from "../../../support/within.ts";
import { type Remote, withRemote } from "../remote_support.ts";

/** What a program of a test is told, and on which host it runs. */
export interface Apart {
  readonly options?: Omit<ServeTasksOptions, "retryOn">;
  readonly host?: ChildOptions["host"];
}

/** What a test has open. */
export interface OverNats extends Pick<Remote, "pool" | "serve"> {
  readonly nats: NatsServer;
  /** What all pools and servers here are told. */
  readonly base: QueueOptions;
  /** Somebody who serves in a process of its own. */
  serveApart(apart?: Apart): Promise<Child>;
  /** Somebody who calls from a process of its own. */
  callApart(
    calls: readonly (readonly [name: string, args: unknown[], options: RemoteRunOptions])[],
    apart?: Apart,
  ): Promise<Child>;
  /** A connection of its own. */
  engine(): Promise<Engine>;
}

/** Ends a process as a crash does. */
export function kill(child: Child): Promise<unknown> {
  process.kill(child.process.pid!, "SIGKILL");
  return child.ended;
}

/** Calls `body` with a server, and with what closes at its end. */
export function overNats(body: (over: OverNats) => Promise<void>, settings: QueueOptions = {}): Promise<void> {
  return withinTest(withNats(async (nats) => {
    const base: QueueOptions = { servers: nats.url, ...settings };
    const children: Child[] = [];
    const engines: Engine[] = [];
    const begin = async (program: string, args: readonly unknown[], { host }: Apart): Promise<Child> => {
      const file = new URL(`./programs/${program}.ts`, import.meta.url);
      const child = start(file, args.map((arg) => JSON.stringify(arg)), host === undefined ? {} : { host });
      children.push(child);
      await within(child.waitFor(/ready/), `${program} is ready`);
      return child;
    };
    try {
      await withRemote(({ pool, serve }) =>
        body({
          nats,
          base,
          pool,
          serve,
          serveApart: (apart = {}) => begin("server", [{ ...base, ...apart.options }], apart),
          callApart: (calls, apart = {}) => begin("caller", [{ ...base, ...apart.options }, calls], apart),
          engine: async () => {
            const engine = await natsEngine({ servers: nats.url });
            engines.push(engine);
            return engine;
          },
        }), base);
    } finally {
      await Promise.all(engines.map((engine) => engine.close()));
      for (const child of children) {
        if (child.process.exitCode === null && child.process.signalCode === null) child.process.kill("SIGKILL");
      }
      await Promise.all(children.map(({ ended }) => ended.catch(() => {})));
    }
  }));
}
