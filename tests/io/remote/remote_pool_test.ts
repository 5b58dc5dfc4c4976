import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  callback,
  Cancelled,
  group,
  moveOnAfter,
  PoolClosedError,
  QueueFullError,
  sleep,
  TimeoutError,
  WorkerExitError,
} from "../../../mod.ts";
import { brokerOf } from "../../../io/remote/embedded/near_line.ts";
import { DeadLetterError, NoWorkerError, RemotePool, serveTasks } from "../../../remote.ts";
import { simulate, type Simulation } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";
import { by, type Remote, tasks, withRemote } from "./remote_support.ts";

function inSimulation<T>(body: (remote: Remote, sim: Simulation) => Promise<T>): Promise<T> {
  return simulate((sim) => withRemote((remote) => body(remote, sim)));
}

testWith(
  "async context",
  "a call goes to whoever serves the pool, and its result comes back",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const [calls] = [pool(), await serve()];
      assertEquals(await calls.run("add", [1, 2]), 3);
      assertEquals(await calls.functions.add(3, 4), 7);
      const value = new Map([["a", [1n, new Date(5), new Float32Array([1.5])]]]);
      assertEquals(await calls.run("echo", [value]), value);
    }),
);

testWith(
  "async context",
  "calls that were made before anybody served are done when somebody does",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const sum = pool().run("add", [1, 2]);
      await sleep(60_000);
      await serve();
      assertEquals(await sum, 3);
    }),
);

testWith(
  "async context",
  "an error of a function comes back at once as what it was, and the call is not tried again",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const [calls, server] = [pool(), await serve()];
      const error = await assertRejects(() => calls.run("fail", ["mine"]), RangeError, "mine");
      assertEquals((error as RangeError & { code: string }).code, "E_MINE");
      await sleep(100_000);
      assertEquals([server.statistics().failed, server.statistics().redelivered], [1, 0]);
    }),
);

testWith(
  "async context",
  "a function is told the key, the attempt, and the name of its call",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const [calls] = [pool(), await serve()];
      const told = await calls.run("told", [], { idempotencyKey: "order 17 €", name: "shown" });
      assertEquals(told, { key: "order 17 €", attempt: 1, name: "shown", task: told.task, traceparent: undefined });
      assert((await calls.run("told", [])).key!.length > 8);
    }),
);

testWith(
  "async context",
  "two calls with one key run once, and both get the result, also from two pools and after the end of the first",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const [one, two, server] = [pool(), pool(), await serve({ size: 2 })];
      const options = { idempotencyKey: "k" };
      const results = await Promise.all([
        one.run("after", [50], options),
        two.run("after", [50], options),
        one.run("after", [50], options),
      ]);
      assertEquals(results, [50, 50, 50]);
      assertEquals(await two.run("after", [50], options), 50);
      assertEquals(server.statistics().completed, 1);
    }),
);

testWith(
  "async context",
  "errors that retryOn names are tried again after the backoff, up to the attempts; then the call is a dead letter",
  () =>
    inSimulation(async ({ pool, serve }, sim) => {
      const backoff = { delay: 100, factor: 2 };
      const retryOn = (error: unknown): boolean => error instanceof RangeError;
      const [calls] = [pool(), await serve({ name: "alpha", backoff, retryOn })];
      const begin = sim.now();
      assertEquals(await calls.run("failsUntil", [3]), 3);
      assert(sim.now() - begin >= 300);
      const error = await assertRejects(
        () => calls.run("failsUntil", [4], { idempotencyKey: "mine" }),
        DeadLetterError,
      );
      assertEquals(error.attempts, 3);
      assert(error.cause instanceof RangeError && error.cause.message === "attempt 3");
      const [letter, ...others] = await calls.deadLetters();
      assertEquals(others, []);
      const { id, name, args, worker, attempts } = letter!;
      assertEquals({ id, name, args, worker, attempts }, {
        id: "mine",
        name: "failsUntil",
        args: [4],
        worker: "alpha",
        attempts: 3,
      });
      assertEquals(letter!.error, "RangeError: attempt 3");
    }),
);

testWith(
  "async context",
  "a dead letter that is redriven is tried again, with all its attempts before it",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const backoff = { delay: 10 };
      const [calls, server] = [pool(), await serve({ backoff, retryOn: () => true })];
      await assertRejects(() => calls.run("failsUntil", [4], { idempotencyKey: "a" }), DeadLetterError);
      assertEquals(await calls.redrive("b"), false);
      assertEquals(await calls.redrive("a"), true);
      assertEquals(await calls.deadLetters(), []);
      await sleep(1000);
      assertEquals(server.statistics().dead, 2);
      assertEquals((await calls.deadLetters()).length, 1);
    }),
);

testWith(
  "async context",
  "a dead letter that is redriven into a full queue stays one, and the call rejects with QueueFullError",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const calls = pool({ queueLimit: 1, attempts: 1 });
      const server = await serve({ queueLimit: 1, attempts: 1, retryOn: () => true });
      await assertRejects(() => calls.run("fail", ["x"], { idempotencyKey: "a" }), DeadLetterError);
      await server.drain();
      const waiting = calls.run("add", [1, 2]).catch(() => {});
      await sleep(1);
      await assertRejects(() => calls.redrive("a"), QueueFullError);
      assertEquals((await calls.deadLetters()).map(({ id }) => id), ["a"]);
      await calls.close({ timeout: 0 });
      await waiting;
    }),
);

testWith(
  "async context",
  "a function that nobody knows is left to newer servers, and is a dead letter when none comes",
  () =>
    inSimulation(async ({ serve }) => {
      const calls = new RemotePool();
      await serve({ backoff: { delay: 1000 } });
      for (const name of ["unknown", "toString", "constructor", "__proto__", "hasOwnProperty"]) {
        const error = await assertRejects(() => calls.run(name, []), DeadLetterError);
        assert(error.cause instanceof TypeError, String(error.cause));
        assert(error.message.includes("exports no function"), error.message);
      }
      await calls.close();
    }),
);

testWith(
  "async context",
  "the death of a server is found after ackWait, and another one does its job as the next attempt",
  () =>
    inSimulation(async ({ pool, mortal, serve }, sim) => {
      const ackWait = 3000;
      const calls = pool({ ackWait });
      const dying = await mortal({ ackWait });
      const [slow, told] = [calls.run("after", [500]), calls.run("told", [])];
      await sleep(100);
      await dying.die();
      await serve({ ackWait });
      const begin = sim.now();
      assertEquals(await slow, 500);
      assert(sim.now() - begin < 4000);
      await told;
    }),
);

testWith(
  "async context",
  "a call whose servers all die is a dead letter that names the last of them",
  () =>
    inSimulation(async ({ pool, mortal }) => {
      const ackWait = 3000;
      const calls = pool({ ackWait });
      const end = assertRejects(() => calls.run("after", [500], { queueTimeout: 100_000 }), DeadLetterError);
      for (const name of ["a", "b", "c"]) {
        const dying = await mortal({ ackWait, name });
        await sleep(100);
        await dying.die();
        await sleep(3000);
      }
      const error = await end;
      assertEquals(error.attempts, 3);
      assert(error.message.includes("on c,"), error.message);
      assertEquals((await calls.deadLetters())[0]!.worker, "c");
    }),
);

testWith("async context", "a job far longer than ackWait runs once", () =>
  inSimulation(async ({ pool, serve }) => {
    const [calls, server] = [pool({ ackWait: 300 }), await serve({ ackWait: 300 })];
    assertEquals(await calls.run("after", [10_000]), 10_000);
    assertEquals([server.statistics().completed, server.statistics().redelivered], [1, 0]);
  }));

testWith(
  "async context",
  "ten jobs on one thread run once each, although together they take longer than ackWait",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const [calls, server] = [pool({ ackWait: 500 }), await serve({ ackWait: 500 })];
      const times = Array.from({ length: 10 }, (_, index) => 100 + index);
      assertEquals(await calls.map("after", times), times);
      assertEquals([server.statistics().completed, server.statistics().redelivered], [10, 0]);
    }),
);

testWith(
  "async context",
  "a call that is cancelled while it is queued never runs",
  () =>
    inSimulation(async ({ pool, serve }, sim) => {
      const calls = pool();
      const begin = sim.now();
      assertEquals(await moveOnAfter(10, () => calls.run("add", [1, 2])), undefined);
      assertEquals(sim.now() - begin, 10);
      const server = await serve();
      await sleep(1000);
      assertEquals([server.statistics().completed, calls.statistics().cancelled], [0, 1]);
      assertEquals(calls.statistics().pending, 0);
    }),
);

testWith(
  "async context",
  "a call that is aborted while it runs rejects at once with the reason, and its function is told",
  () =>
    inSimulation(async ({ pool, serve }, sim) => {
      const [calls, server] = [pool(), await serve()];
      const controller = new AbortController();
      const call = calls.run("untilCancelled", [], { signal: controller.signal });
      await sleep(100);
      assertEquals(server.statistics().running, 1);
      const begin = sim.now();
      controller.abort(new RangeError("enough"));
      await assertRejects(() => call, RangeError, "enough");
      assertEquals(sim.now(), begin);
      assertEquals(await calls.run("add", [1, 1]), 2);
      assert(sim.now() - begin < 900, "the function has heeded it, no thread was replaced");
      assertEquals(server.statistics().cancelled, 1);
    }),
);

testWith(
  "async context",
  "a call that ends with its group is cancelled where it runs",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const [calls, server] = [pool(), await serve()];
      await group(async (g) => {
        const task = g.spawn(() => calls.run("untilCancelled", []));
        await sleep(100);
        g.cancel();
        await assertRejects(() => task, Cancelled).catch(() => {});
      }).catch(() => {});
      await sleep(10);
      assertEquals(server.statistics().cancelled, 1);
    }),
);

testWith(
  "async context",
  "the timeouts of a call: in all, in the queue, and of its run",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const calls = pool();
      await assertRejects(() => calls.run("after", [1], { timeout: 100 }), TimeoutError);
      await assertRejects(() => calls.run("after", [1], { queueTimeout: 100 }), TimeoutError);
      const server = await serve();
      await assertRejects(() => calls.run("after", [500], { runTimeout: 100 }), TimeoutError);
      assertEquals(await calls.run("after", [500], { queueTimeout: 100 }), 500);
      assertEquals(server.statistics().completed, 1);
    }),
);

testWith("async context", "a queue that is full rejects with QueueFullError", () =>
  inSimulation(async ({ pool }) => {
    const calls = pool({ queueLimit: 2 });
    const waiting = [calls.run("add", [1, 2]), calls.run("add", [1, 2])].map((call) => call.catch(() => {}));
    const error = await assertRejects(() => calls.run("add", [1, 2]), QueueFullError);
    assertEquals(error.limit, 2);
    await calls.close({ timeout: 0 });
    await Promise.all(waiting);
  }));

testWith(
  "async context",
  "progress arrives in order and before the result",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const [calls] = [pool(), await serve()];
      const seen: unknown[] = [];
      seen.push(await calls.run("progress", [5], { onProgress: (value) => seen.push(value) }));
      assertEquals(seen, [0, 1, 2, 3, 4, "done"]);
      await assertRejects(
        () =>
          calls.run("progress", [5], {
            onProgress: () => {
              throw new TypeError("not this");
            },
          }),
        TypeError,
        "not this",
      );
    }),
);

testWith(
  "async context",
  "a stream gives its values in order, never more ahead than its reader allows, and ends with its loop",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const [calls, server] = [pool(), await serve()];
      const seen: number[] = [];
      for await (const value of calls.stream("countTo", [20], { highWaterMark: 3 })) seen.push(value);
      assertEquals(seen, Array.from({ length: 20 }, (_, index) => index + 1));
      for await (const value of calls.stream("countTo", [1e9], { highWaterMark: 3 })) if (value === 5) break;
      await sleep(10);
      assertEquals([server.statistics().running, server.statistics().cancelled], [0, 1]);
    }),
);

testWith(
  "async context",
  "a stream whose server dies fails, and no generator is run twice",
  () =>
    inSimulation(async ({ pool, mortal, serve }) => {
      const ackWait = 3000;
      const calls = pool({ ackWait });
      const dying = await mortal({ ackWait });
      const stream = calls.stream("countTo", [1e9], { highWaterMark: 3 });
      assertEquals((await stream.next()).value, 1);
      await dying.die();
      const server = await serve({ ackWait });
      await assertRejects(async () => {
        for await (const _ of stream);
      }, WorkerExitError);
      await sleep(10);
      assertEquals(server.statistics().completed, 0);
    }),
);

testWith(
  "async context",
  "a server that drains finishes what runs, gives back the rest at once, and takes no more",
  () =>
    inSimulation(async ({ pool, serve }, sim) => {
      const calls = pool();
      const leaving = await serve();
      const running = calls.run("after", [500]);
      await sleep(10);
      const queued = calls.run("add", [1, 2]);
      const begin = sim.now();
      const drained = leaving.drain();
      await serve();
      assertEquals(await queued, 3);
      assert(sim.now() - begin < 100);
      assertEquals(await running, 500);
      await drained;
      assertEquals(leaving.statistics().completed, 1);
    }),
);

testWith(
  "async context",
  "what still runs when the grace of a drain has passed is done by another server",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const calls = pool();
      const leaving = await serve();
      const running = calls.run("after", [5000]);
      await sleep(10);
      await serve();
      await leaving.drain({ grace: 100 });
      assertEquals(await running, 5000);
      assertEquals(leaving.statistics().completed, 0);
    }),
);

testWith(
  "async context",
  "a server belongs to its scope: cancelled with it, it drains, and its group waits for it",
  () =>
    inSimulation(async ({ pool }) => {
      const calls = pool();
      const running = calls.run("after", [500]);
      await group(async (g) => {
        await serveTasks(tasks, { size: 1 });
        await sleep(100);
        g.cancel();
      });
      assertEquals(calls.statistics().pending, 0);
      assertEquals(await running, 500);
    }),
);

testWith(
  "async context",
  "the call of a caller that has gone is cancelled after three beats, unless it is detached",
  () =>
    inSimulation(async ({ pool, serve, engine }) => {
      const server = await serve({ ackWait: 3000, size: 2 });
      const gone = engine();
      const calls = pool({ ...by(gone), ackWait: 3000 });
      const lost = [
        calls.run("untilCancelled", []),
        calls.run("after", [20_000], { detached: true }),
      ].map((call) => call.catch(() => {}));
      await sleep(100);
      assertEquals(server.statistics().running, 2);
      await gone.close();
      await sleep(10_000);
      assertEquals([server.statistics().running, server.statistics().cancelled], [1, 1]);
      await sleep(15_000);
      assertEquals(server.statistics().completed, 1);
      await calls.close({ timeout: 0 });
      await Promise.all(lost);
    }),
);

testWith(
  "async context",
  "at most once: a call goes to somebody who serves now, fails at once where nobody does, and is not tried again",
  () =>
    inSimulation(async ({ pool, serve, mortal }, sim) => {
      const calls = pool({ delivery: "at-most-once", ackWait: 3000 });
      const begin = sim.now();
      await assertRejects(() => calls.run("add", [1, 2]), NoWorkerError, "default");
      assertEquals(sim.now(), begin);
      const dying = await mortal({ ackWait: 3000 });
      assertEquals(await calls.run("add", [1, 2]), 3);
      assertEquals(await calls.run("after", [20_000]), 20_000);
      await assertRejects(() => calls.run("fail", ["mine"]), RangeError, "mine");
      const seen: number[] = [];
      for await (const value of calls.stream("countTo", [5])) seen.push(value);
      assertEquals(seen, [1, 2, 3, 4, 5]);
      const lost = assertRejects(() => calls.run("after", [20_000]), WorkerExitError);
      await sleep(100);
      await dying.die();
      const server = await serve({ ackWait: 3000 });
      await lost;
      assertEquals(server.statistics().completed, 0);
    }),
);

testWith(
  "async context",
  "a pool that is closed takes no calls, waits for those there are, and cancels them after its time",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const [calls] = [pool(), await serve({ size: 2 })];
      const call = calls.run("after", [100]);
      const long = assertRejects(() => calls.run("after", [10_000]), PoolClosedError);
      await sleep(1);
      const closed = calls.close({ timeout: 1000 });
      await assertRejects(() => calls.run("add", [1, 2]), PoolClosedError);
      assertEquals(await call, 100);
      await long;
      await closed;
    }),
);

testWith("async context", "what only threads can do is refused at the call", () =>
  inSimulation(async ({ pool }) => {
    const calls = new RemotePool();
    const run = (args: unknown[], options: object = {}) => () => void calls.run("echo", args, options);
    assertThrows(run([callback(() => 1)]), TypeError, "callback()");
    assertThrows(run([new SharedArrayBuffer(1)]), TypeError, "shared memory");
    assertThrows(run([], { transfer: [] }), TypeError, "transfer");
    assertThrows(run([() => 1]), DOMException, "args[0]");
    await assertRejects(() => calls.run("echo", [new Uint8Array(2 << 20)]), RangeError, "1040384");
    for (const idempotencyKey of ["", "a\nb", 5, "x".repeat(129)]) assertThrows(run([], { idempotencyKey }), TypeError);
    assertThrows(() => pool({ delivery: "once" as never }), TypeError, "at-most-once");
    assertThrows(() => pool({ queue: "a.b" }), TypeError, "a.b");
    assertThrows(() => pool({ ackWait: 1 }), RangeError);
    await calls.close();
  }));

testWith(
  "async context",
  "a result that is too large fails its call with both numbers",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const [calls] = [pool(), await serve()];
      await assertRejects(() => calls.run("large", [2 << 20]), RangeError, "1040384");
    }),
);

testWith("async context", "urgent calls go first", () =>
  inSimulation(async ({ pool, serve }) => {
    const calls = pool();
    const order: string[] = [];
    const priorities = ["background", "user-visible", "user-blocking"] as const;
    const all = priorities.map((priority) => calls.run("after", [10], { priority }).then(() => order.push(priority)));
    await sleep(1);
    await serve();
    await Promise.all(all);
    assertEquals(order, ["user-blocking", "user-visible", "background"]);
  }));

testWith(
  "async context",
  "a call that has waited for as long as the run queue lets wait goes before urgent ones that come later",
  () =>
    inSimulation(async ({ pool, serve }, sim) => {
      const [calls] = [pool(), await serve()];
      let isDone = false;
      // Two at a time, so that one always waits for the thread.
      const urgent = [1, 2].map(async () => {
        while (!isDone) await calls.run("after", [100], { priority: "user-blocking" });
      });
      await sleep(50);
      const begin = sim.now();
      const patient = calls.run("after", [10], { priority: "background" }).finally(() => isDone = true);
      await patient;
      const waited = sim.now() - begin;
      await Promise.all(urgent);
      assert(waited >= 1000 && waited < 6000, `it waited for ${waited} ms`);
    }),
);

testWith(
  "async context",
  "messages that nobody can read are counted, and hurt nobody",
  () =>
    inSimulation(async ({ pool, serve, engine }) => {
      const [calls, server, hostile] = [pool(), await serve(), engine()];
      assertEquals(await calls.run("add", [1, 2]), 3);
      const queue = await hostile.queue("default", { ackWait: 30_000, attempts: 3, limit: 100_000 });
      for (const [id, body] of [["a", new Uint8Array([1, 2])], ["b", new Uint8Array([9, 0, 0, 0, 0])]] as const) {
        await queue.publish({ id, name: "add", priority: "user-visible", headers: {}, body });
      }
      hostile.send("millrace.default.control", new Uint8Array([1]));
      await sleep(10_000);
      assertEquals(server.statistics().malformed, 5);
      assertEquals(await calls.run("add", [1, 2]), 3);
    }),
);

testWith(
  "async context",
  "with largePayloads arguments and results of any size cross, and nothing of them is left",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const options = { largePayloads: true, backoff: { delay: 1 } };
      const sizes: number[] = [];
      for (const delivery of ["at-least-once", "at-most-once"] as const) {
        const calls = pool({ largePayloads: true, delivery });
        const server = await serve({ ...options, retryOn: (error) => error instanceof SyntaxError });
        const sent = new Uint8Array(3 << 20).fill(7);
        const got = await calls.run("echo", [sent]) as Uint8Array;
        sizes.push(got.length, got[3 << 19]!);
        await sleep(1);
        assertEquals([...brokerOf("default").objects.keys()], []);
        await server.drain();
      }
      assertEquals(sizes, [3 << 20, 7, 3 << 20, 7]);
    }),
);

testWith(
  "async context",
  "a dead letter with large arguments can be read and redriven",
  () =>
    inSimulation(async ({ pool, serve }) => {
      const calls = pool({ largePayloads: true });
      const server = await serve({ largePayloads: true, backoff: { delay: 1 }, retryOn: () => true });
      const text = "x".repeat(2 << 20);
      await assertRejects(() => calls.run("fail", [text], { idempotencyKey: "large" }), DeadLetterError);
      const [letter] = await calls.deadLetters();
      assertEquals((letter!.args![0] as string).length, 2 << 20);
      assertEquals(await calls.redrive("large"), true);
      await sleep(1000);
      assertEquals(server.statistics().dead, 2);
      assertEquals((await calls.deadLetters())[0]!.args!.length, 1);
    }),
);
