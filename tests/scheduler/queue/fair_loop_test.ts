/**
 * The slice on the real host: what a socket and a timer that are ready wait for while work is queued. The work costs time on a clock
 * that only it moves on, so that the bound is exact and a machine that is busy with something else does not matter; the sockets, the
 * timers and the turns are the host's.
 */

import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { assert } from "@std/assert";
import fc from "fast-check";
import { checkpoint, configure, group, runChunked } from "../../../mod.ts";
import { threadsOf } from "../../../runtime/host_threads.ts";
import { currentHost } from "../../../runtime/current_host.ts";
import { Loop, replaceLoop } from "../../../scheduler/queue/loop.ts";
import { spin } from "../../support/spin.ts";
import type { WriterStart } from "./programs/writer.ts";

type Kind = "socket" | "timer";

/** A loop with a clock of its own, and something that becomes ready on the real host at a known time of that clock. */
class Bench {
  /** The time of the clock, in ms. */
  time = 0;
  /** For how long each of the things waited from when it was ready to its callback. */
  readonly waits: number[] = [];
  #readyAt: number | undefined = undefined;
  readonly #counts = new Int32Array(new SharedArrayBuffer(8));
  readonly #server: Server;
  #socket: Socket | undefined = undefined;
  #end: () => void = () => {};

  constructor() {
    this.#server = createServer((socket) => {
      this.#socket = socket.on("data", () => this.#called()).on("error", () => {});
    });
  }

  /** Opens the connection over which another thread writes, and puts the clock in place; `close` undoes both. */
  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const connected = new Promise((resolve) => this.#server.once("connection", resolve));
    const writer = new URL("./programs/writer.ts", import.meta.url);
    const thread = threadsOf(currentHost()).spawn(writer, {
      name: "writer",
      loads: writer,
      onMessage() {},
      onExit() {},
    });
    const { port } = this.#server.address() as { port: number };
    thread.hold(true);
    thread.post({ port, counts: this.#counts } satisfies WriterStart, []);
    await connected;
    const real = replaceLoop(new Loop({ ...currentHost(), now: () => this.time }));
    this.#end = () => {
      replaceLoop(real);
      thread.hold(false);
      thread.terminate();
    };
  }

  async close(): Promise<void> {
    configure({ slice: 5 });
    this.#end();
    this.#socket?.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Has the callback of what was ready last been called? */
  get isIdle(): boolean {
    return this.#readyAt === undefined;
  }

  /** Makes a byte arrive, or a timer fall due; when this returns, the host has it. */
  makeReady(kind: Kind): void {
    if (kind === "timer") {
      setTimeout(() => this.#called(), 1);
      spin(2.5);
    } else {
      const written = Atomics.add(this.#counts, 0, 1) + 1;
      while (Atomics.load(this.#counts, 1) < written);
      spin(0.5);
    }
    this.#readyAt = this.time;
  }

  #called(): void {
    if (this.#readyAt !== undefined) this.waits.push(this.time - this.#readyAt);
    this.#readyAt = undefined;
  }
}

interface Load {
  jobs: number;
  entries: number;
  cost: number;
  slice: number;
}

/** The waits of as many sockets or timers, each ready at another place among the items of the load. */
async function waitsUnder(
  bench: Bench,
  kind: Kind,
  times: number,
  load: Load,
  job: (item: () => void, isOver: () => boolean) => Promise<unknown>,
): Promise<number[]> {
  bench.waits.length = 0;
  let items = 0;
  let next = 7;
  const isOver = (): boolean => bench.waits.length >= times;
  const item = (): void => {
    bench.time += load.cost;
    if (++items < next || !bench.isIdle || isOver()) return;
    next = items + 13;
    bench.makeReady(kind);
  };
  configure({ slice: load.slice });
  await group((g) => {
    for (let count = 0; count < load.jobs; count++) g.spawn(() => job(item, isOver));
    for (let count = 0; count < load.entries; count++) {
      g.spawn(async () => {
        while (!isOver()) {
          item();
          await checkpoint();
        }
      });
    }
  });
  return [...bench.waits];
}

/** Items that share the one slice. */
const chunked = (item: () => void, isOver: () => boolean): Promise<void> =>
  runChunked(function* () {
    while (!isOver()) {
      item();
      yield;
    }
  }, { onSlowItem() {} });

/** A slice and one item. */
function boundOf({ slice, cost }: Load): number {
  return slice + cost + 1e-6;
}

/** The longest wait with chunked work. A kernel under load may hand a byte on later than it said, but not twice in a row. */
async function longestWait(bench: Bench, kind: Kind, times: number, load: Load): Promise<number> {
  const longest = Math.max(...await waitsUnder(bench, kind, times, load, chunked));
  return longest <= boundOf(load) ? longest : Math.max(...await waitsUnder(bench, kind, times, load, chunked));
}

test("whatever is queued, a socket and a timer that are ready wait for a slice and one item at most", async () => {
  const bench = new Bench();
  await bench.open();
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          // One job at least, so that every slice is used up: else a slice is as short as what there is to do.
          jobs: fc.integer({ min: 1, max: 21 }),
          entries: fc.oneof(fc.nat(20), fc.nat(700)),
          cost: fc.double({ min: 0.02, max: 8, noNaN: true }),
          slice: fc.constantFrom(1, 5),
        }),
        async (load) => {
          for (const kind of ["socket", "timer"] as const) {
            const longest = await longestWait(bench, kind, 4, load);
            assert(longest <= boundOf(load), `a ${kind} waited for ${longest} ms of items`);
          }
        },
      ),
      { numRuns: 20 },
    );
  } finally {
    await bench.close();
  }
});

test("21 jobs that each yield politely after a slice keep a socket waiting for all of them, ours for one slice", async () => {
  const bench = new Bench();
  await bench.open();
  try {
    const load: Load = { jobs: 21, entries: 0, cost: 1, slice: 5 };
    const naive = await waitsUnder(bench, "socket", 20, load, async (item, isOver) => {
      while (!isOver()) {
        const end = bench.time + load.slice;
        while (bench.time < end) item();
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    });
    const ours = await longestWait(bench, "socket", 20, load);
    assert(ours <= boundOf(load), `ours: ${ours}`);
    assert(Math.max(...naive) >= 10 * load.slice, `naive: ${naive.join()}`);
  } finally {
    await bench.close();
  }
});
