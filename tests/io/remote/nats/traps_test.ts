/**
 * What others have fallen into with JetStream, each with its test. Those that are elsewhere:
 *
 * - a reason with `term` makes an old server deliver the job again: "a job that nobody can read is given up once: it is not delivered again"
 * - what was prefetched comes again while it waits: "ten jobs on one thread run once each, although together they take longer than ackWait"
 * - a server that drains has what it holds come again late: "a server that drains finishes what runs, and gives back the rest at once"
 * - a store in memory is lost, and nobody says so: lost_store_test.ts
 */

import { createServer } from "node:net";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { until, within } from "../../../support/within.ts";
import { overNats } from "./over_nats.ts";

test("queues that are empty are not waited for, one after the other: a call of any priority is taken at once", () =>
  overNats(async ({ pool, serve }) => {
    const [calls] = [pool(), await serve()];
    const oneByOne = async (): Promise<number> => {
      let sum = 0;
      for (let call = 0; call < 40; call++) {
        const priority = (["background", "user-visible", "user-blocking"] as const)[call % 3]!;
        sum += await calls.run("add", [call, 0], { priority });
      }
      return sum;
    };
    // With a second for each queue that is empty they would take more than a minute.
    assertEquals(await within(oneByOne(), "all are done", 25_000), 780);
  }));

test("a server that is away for longer than the client tries by itself is found again, and what was published is done", () =>
  overNats(async ({ pool, serve, nats }) => {
    const [calls, server] = [pool(), await serve()];
    assertEquals(await calls.run("add", [1, 2]), 3);
    await nats.stop();
    let tries = 0;
    const refusing = createServer((socket) => {
      tries++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => refusing.listen(nats.port, "127.0.0.1", resolve));
    const call = calls.run("add", [3, 4]);
    // By default a client of NATS gives up after ten.
    await until(() => tries > 24, "both have tried often");
    await new Promise((resolve) => refusing.close(resolve));
    await nats.start();
    assertEquals(await within(call, "the call is done", 40_000), 7);
    assertEquals([calls.statistics().reconnects, server.statistics().reconnects], [1, 1]);
  }));

test("an id is known for two minutes, and no longer: a key makes no call exactly once", () =>
  overNats(async ({ pool, serve, nats }) => {
    const [calls] = [pool(), await serve()];
    assertEquals(await calls.run("add", [1, 2], { idempotencyKey: "a" }), 3);
    const { account_details } = await nats.monitor("jsz?streams=1&config=1") as {
      account_details: { stream_detail: { name: string; config: { duplicate_window: number } }[] }[];
    };
    const stream = account_details[0]!.stream_detail.find(({ name }) => name === "MILLRACE_default")!;
    assertEquals(stream.config.duplicate_window, 120e9);
  }));
