/** What a pool promises, kept over a real server, with real threads and real time. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { PoolClosedError, QueueFullError, TimeoutError } from "../../../../mod.ts";
import { type DeadLetter, DeadLetterError, NoWorkerError, type QueueOptions } from "../../../../remote.ts";
import { readAnswer, writeBody } from "../../../../io/remote/wire/messages.ts";
import { until, within } from "../../../support/within.ts";
import { type OverNats, overNats } from "./over_nats.ts";

function natsTest(title: string, body: (over: OverNats) => Promise<void>, settings?: QueueOptions): void {
  test(`over NATS ${title}`, () => overNats(body, settings));
}

natsTest("a call goes to whoever serves, also one that was made before, and its result comes back", async (over) => {
  const { pool, serve } = over;
  const calls = pool();
  const early = calls.run("add", [1, 2]);
  const engine = await over.engine();
  const queue = await engine.queue("default", { ackWait: 30_000, attempts: 3, limit: 100_000 });
  await until(async () => (await queue.counts()).queued === 1, "the call is published");
  await serve();
  assertEquals(await early, 3);
  assertEquals(await calls.functions.add(3, 4), 7);
  const value = new Map([["a", [1n, new Date(5), new Float32Array([1.5]), undefined, NaN]]]);
  assertEquals(await calls.run("echo", [value]), value);
  assertEquals(await calls.map("after", [3, 2, 1]), [3, 2, 1]);
  await until(async () => (await queue.counts()).delivered === 0, "nothing is left");
});

natsTest("an error comes back at once as what it was, and the call is not tried again", async ({ pool, serve }) => {
  const [calls, server] = [pool(), await serve()];
  const error = await assertRejects(() => calls.run("fail", ["mine"]), RangeError, "mine");
  assertEquals((error as RangeError & { code: string }).code, "E_MINE");
  assertEquals(await calls.run("add", [1, 2]), 3);
  assertEquals([server.statistics().failed, server.statistics().redelivered], [1, 0]);
});

natsTest("calls with one key run once, and all get the result, also after its end", async ({ pool, serve }) => {
  const [one, two, server] = [pool(), pool(), await serve({ size: 2 })];
  const options = { idempotencyKey: "order 17 €.*>" };
  const results = await Promise.all([
    one.run("after", [50], options),
    two.run("after", [50], options),
    one.run("after", [50], options),
  ]);
  assertEquals(results, [50, 50, 50]);
  assertEquals(await two.run("after", [50], options), 50);
  assertEquals(server.statistics().completed, 1);
});

natsTest("a function is told the key, the attempt and the name of its call", async ({ pool, serve }) => {
  const [calls] = [pool(), await serve()];
  const { key, attempt, name } = await calls.run("told", [], { idempotencyKey: "ключ", name: "shown" });
  assertEquals({ key, attempt, name }, { key: "ключ", attempt: 1, name: "shown" });
});

natsTest(
  "at most once: a call fails at once where nobody serves, and goes to whoever does",
  async ({ pool, serve }) => {
    const calls = pool({ delivery: "at-most-once" });
    await assertRejects(() => within(calls.run("add", [1, 2]), "it is refused", 20_000), NoWorkerError, "default");
    await serve();
    assertEquals(await calls.run("add", [1, 2]), 3);
    await assertRejects(() => calls.run("fail", ["mine"]), RangeError, "mine");
    const seen: number[] = [];
    for await (const value of calls.stream("countTo", [100], { highWaterMark: 3 })) seen.push(value);
    assertEquals(seen, Array.from({ length: 100 }, (_, index) => index + 1));
  },
);

natsTest("urgent calls go first", async ({ pool, serve, engine }) => {
  const calls = pool();
  const order: string[] = [];
  const all = (["background", "user-visible", "user-blocking"] as const).flatMap((priority) =>
    [1, 2].map(() => calls.run("after", [1], { priority }).then(() => order.push(priority)))
  );
  const queue = await (await engine()).queue("default", { ackWait: 30_000, attempts: 3, limit: 100_000 });
  await until(async () => (await queue.counts()).queued === 6, "all are published");
  await serve();
  await Promise.all(all);
  assertEquals(order, ["user-blocking", "user-blocking", "user-visible", "user-visible", "background", "background"]);
});

natsTest("the timeouts of a call: in all, in the queue, and of its run", async ({ pool, serve }) => {
  const calls = pool();
  await assertRejects(() => calls.run("after", [1], { timeout: 300 }), TimeoutError);
  await assertRejects(() => calls.run("after", [1], { queueTimeout: 300 }), TimeoutError);
  const server = await serve();
  await assertRejects(() => calls.run("after", [20_000], { runTimeout: 100 }), TimeoutError);
  assertEquals(await calls.run("after", [1]), 1);
  assertEquals(server.statistics().completed, 1);
});

natsTest("a job whose time has passed before its start is answered so, and not run", async ({ serve, engine }) => {
  const own = await engine();
  const queue = await own.queue("default", { ackWait: 30_000, attempts: 3, limit: 100_000 });
  const answers: unknown[] = [];
  await own.listen("millrace.default.inbox.me", ({ body }) => {
    const { id, kind, value } = readAnswer(body);
    answers.push([id, kind, (value as Error).name]);
  });
  const at = Date.now() - 1000;
  const job = { name: "spin", args: [20_000], inbox: "millrace.default.inbox.me", at, isDetached: true };
  for (const [id, limit] of [["all", { timeout: 900 }], ["queue", { queueTimeout: 900 }]] as const) {
    const body = writeBody({ ...job, id, ...limit });
    await queue.publish({ id, name: "spin", priority: "user-visible", headers: {}, body });
  }
  const server = await serve();
  await until(() => answers.length === 2, "both are answered");
  assertEquals(answers, [["all", "failed", "TimeoutError"], ["queue", "failed", "TimeoutError"]]);
  assertEquals([server.statistics().failed, server.statistics().completed], [2, 0]);
});

natsTest(
  "errors that retryOn names are tried again, then the call is a dead letter that can be redriven",
  async (over) => {
    const { pool, serve } = over;
    const retryOn = (error: unknown): boolean => error instanceof RangeError;
    const [calls, server] = [pool(), await serve({ name: "alpha", backoff: { delay: 50 }, retryOn })];
    const begin = performance.now();
    assertEquals(await calls.run("failsUntil", [3]), 3);
    assert(performance.now() - begin >= 150, "it has waited 50 ms and 100 ms");
    const error = await assertRejects(() => calls.run("failsUntil", [4], { idempotencyKey: "mine" }), DeadLetterError);
    assertEquals(error.attempts, 3);
    assert(error.cause instanceof RangeError && error.cause.message === "attempt 3");
    const [letter, ...others] = await calls.deadLetters();
    assertEquals(others, []);
    const { id, name, args, worker, attempts, error: text } = letter!;
    assertEquals([id, name, args, worker, attempts, text], [
      ...["mine", "failsUntil", [4], "alpha", 3, "RangeError: attempt 3"],
    ]);
    assertEquals([await calls.redrive("none"), await calls.redrive("mine")], [false, true]);
    await until(() => server.statistics().dead === 2, "it was tried in vain once more");
    await until(async () => (await calls.deadLetters()).length === 1, "it is a dead letter again");
  },
);

natsTest(
  "functions that nobody knows, and names of Object.prototype, are dead letters with the reason",
  async (over) => {
    const { pool, serve } = over;
    const calls = pool() as unknown as { run(name: string, args: unknown[]): Promise<unknown> };
    await serve({ backoff: { delay: 1 } });
    for (const name of ["unknown", "toString", "constructor", "__proto__", "hasOwnProperty"]) {
      const error = await assertRejects(() => calls.run(name, []), DeadLetterError, "exports no function");
      assertEquals([error.attempts, error.cause instanceof TypeError], [3, true]);
    }
  },
);

natsTest(
  "a call of a version that no server knows is left to newer ones, then a dead letter with the reason",
  async (over) => {
    const { pool, serve } = over;
    const [calls, server] = [pool(), await serve({ backoff: { delay: 1 }, name: "old" })];
    const queue = await (await over.engine()).queue("default", { ackWait: 600, attempts: 3, limit: 100_000 });
    const body = writeBody({ id: "new", name: "add", args: [1, 2], inbox: "millrace.default.inbox.x", at: 1 });
    body[0] = 9;
    await queue.publish({ id: "new", name: "add", priority: "user-visible", headers: {}, body });
    await until(async () => (await calls.deadLetters()).length === 1, "it is a dead letter");
    const [{ id, name, error, worker, attempts, args }] = await calls.deadLetters() as [DeadLetter];
    assertEquals([id, name, worker, attempts, args], ["new", "add", "old", 3, undefined]);
    assert(error.includes("version 9"), error);
    await until(async () => Object.values(await queue.counts()).every((count) => count === 0), "it is taken out");
    assertEquals(server.statistics().malformed, 3);
    assertEquals(await calls.run("add", [1, 2]), 3);
  },
  { ackWait: 600 },
);

natsTest("a queue that is full rejects with QueueFullError, and takes calls again when there is room", async (over) => {
  const { pool, serve } = over;
  const calls = pool();
  const waiting = [calls.run("add", [1, 2]), calls.run("add", [3, 4])];
  const engine = await over.engine();
  const queue = await engine.queue("default", { ackWait: 30_000, attempts: 3, limit: 2 });
  await until(async () => (await queue.counts()).queued === 2, "both are published");
  const error = await assertRejects(() => calls.run("add", [5, 6]), QueueFullError);
  assertEquals(error.limit, 2);
  await serve();
  assertEquals(await Promise.all(waiting), [3, 7]);
  await until(async () => (await queue.counts()).delivered === 0, "there is room");
  assertEquals(await calls.run("add", [5, 6]), 11);
}, { queueLimit: 2 });

natsTest("progress arrives in order and before the result", async ({ pool, serve }) => {
  const [calls] = [pool(), await serve()];
  const seen: unknown[] = [];
  seen.push(await calls.run("progress", [20], { onProgress: (value) => seen.push(value) }));
  assertEquals(seen, [...Array.from({ length: 20 }, (_, index) => index), "done"]);
});

natsTest("a stream gives its values in order, never more ahead than allowed, and ends with its loop", async (over) => {
  const { pool, serve } = over;
  const [calls, server] = [pool(), await serve()];
  const seen: number[] = [];
  for await (const value of calls.stream("countTo", [200], { highWaterMark: 3 })) seen.push(value);
  assertEquals(seen, Array.from({ length: 200 }, (_, index) => index + 1));
  for await (const value of calls.stream("countTo", [1e9], { highWaterMark: 3 })) if (value === 5) break;
  await until(() => server.statistics().cancelled === 1, "its function is told");
  assertEquals(await calls.run("add", [1, 2]), 3);
});

natsTest("with largePayloads arguments and results of any size cross, and nothing of them is left", async (over) => {
  const { pool, serve, nats } = over;
  const server = await serve();
  for (const delivery of ["at-least-once", "at-most-once"] as const) {
    const calls = pool({ delivery });
    const got = await calls.run("echo", [new Uint8Array(3 << 20).fill(7)]) as Uint8Array;
    assertEquals([got.length, got[3 << 19]], [3 << 20, 7]);
    await calls.close();
  }
  const stored = async (): Promise<number> => (await nats.streams()).get("OBJ_MILLRACE")!.messages;
  await until(async () => await stored() === 0, "nothing is left in the store");
  const keyed = await pool().run("echo", ["x".repeat(2 << 20)], { idempotencyKey: "ключ €" });
  assertEquals((keyed as string).length, 2 << 20);
  assertEquals(server.statistics().completed, 3);
}, { largePayloads: true });

natsTest("a dead letter with large arguments can be read and redriven", async ({ pool, serve }) => {
  const [calls, server] = [pool(), await serve({ backoff: { delay: 1 }, retryOn: () => true })];
  const text = "x".repeat(2 << 20);
  await assertRejects(() => calls.run("fail", [text], { idempotencyKey: "large" }), DeadLetterError);
  assertEquals(((await calls.deadLetters())[0]!.args![0] as string).length, 2 << 20);
  assertEquals(await calls.redrive("large"), true);
  await until(() => server.statistics().dead === 2, "it was tried again");
  await until(async () => (await calls.deadLetters())[0]?.args?.length === 1, "it can be read again");
}, { largePayloads: true });

natsTest("without largePayloads what is too large is refused with both numbers", async ({ pool, serve }) => {
  const [calls] = [pool(), await serve()];
  await assertRejects(() => calls.run("echo", [new Uint8Array(2 << 20)]), RangeError, "1040384");
  await assertRejects(() => calls.run("large", [2 << 20]), RangeError, "1040384");
});

natsTest("a pool that is closed waits for its calls, and cancels them after its time", async ({ pool, serve }) => {
  const [calls, server] = [pool(), await serve({ size: 2 })];
  const call = calls.run("after", [50]);
  const long = assertRejects(() => calls.run("after", [60_000]), PoolClosedError);
  await until(() => server.statistics().running === 2, "both run");
  const closed = calls.close({ timeout: 500 });
  await assertRejects(() => calls.run("add", [1, 2]), PoolClosedError);
  assertEquals(await call, 50);
  await long;
  await closed;
  await until(() => server.statistics().cancelled === 1, "the function is told");
});
