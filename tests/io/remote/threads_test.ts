import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { WorkerExitError } from "../../../mod.ts";
import { DeadLetterError } from "../../../remote.ts";
import { run } from "../../support/child.ts";
import { testWith } from "../../support/needs.ts";
import { withinTest } from "../../support/within.ts";
import { withRemote } from "./remote_support.ts";

const inRemote: typeof withRemote = (body) => withinTest(withRemote(body));

test("on real threads: a job in a busy loop, longer than ackWait, runs once, because its server says that it goes on", () =>
  inRemote(async ({ pool, serve }) => {
    const [calls, server] = [pool({ queue: "busy", ackWait: 150 }), await serve({ queue: "busy", ackWait: 150 })];
    assertEquals(await calls.run("spin", [700]), 1);
    assertEquals([server.statistics().completed, server.statistics().redelivered], [1, 0]);
  }));

test("on real threads: many calls at once from two pools to two servers each get their own result", () =>
  inRemote(async ({ pool, serve }) => {
    const pools = [pool({ queue: "many" }), pool({ queue: "many" })];
    const servers = [await serve({ queue: "many", size: 2 }), await serve({ queue: "many", size: 2 })];
    const sums = await Promise.all(
      pools.flatMap((calls) => Array.from({ length: 200 }, (_, index) => calls.run("add", [index, 1]))),
    );
    assertEquals(sums.map((sum, index) => sum - 1 === index % 200), sums.map(() => true));
    const completed = servers.map((server) => server.statistics().completed);
    assertEquals(completed[0]! + completed[1]!, 400);
    assert(completed.every((count) => count > 0), `${completed}`);
  }));

test("on real threads: a busy loop sees that its call was aborted", () =>
  inRemote(async ({ pool, serve }) => {
    const calls = pool({ queue: "abort" });
    const server = await serve({ queue: "abort" });
    const controller = new AbortController();
    const call = calls.run("spinUntilCancelled", [], {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await assertRejects(() => call, DOMException);
    assertEquals(await calls.run("add", [1, 2]), 3);
    assertEquals(server.statistics().cancelled, 1);
  }));

test("on real threads: a job whose thread dies is tried again, up to the attempts", () =>
  inRemote(async ({ pool, serve }) => {
    const options = { queue: "dies", attempts: 2 };
    const calls = pool(options);
    await serve({ ...options, backoff: { delay: 1 } });
    const error = await assertRejects(() => calls.run("exit", []), DeadLetterError);
    assertEquals(error.attempts, 2);
    assert(error.cause instanceof WorkerExitError);
    assertEquals(await calls.run("add", [1, 2]), 3);
  }));

testWith(
  "Node's modules",
  "observers see each call on both sides, and what they send along reaches the function",
  async () => {
    const { subscribe, unsubscribe } = await import("node:diagnostics_channel");
    const seen: string[] = [];
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const onMessage = (message: unknown, channel: string | symbol): void => {
      const told = message as { name: string; attempt: number; traceparent: string | undefined; error: unknown };
      const what = String(channel).split(".").at(-1)!;
      if (what === "publish") told.traceparent = traceparent;
      const error = told.error instanceof Error ? told.error.name : "";
      seen.push([what, told.name, told.attempt, told.traceparent === traceparent, error].join(" ").trim());
    };
    const channels = ["publish", "start", "retry", "dead", "end"].map((name) => `millrace.remote.${name}`);
    for (const channel of channels) subscribe(channel, onMessage);
    try {
      await inRemote(async ({ pool, serve }) => {
        const options = { queue: "traced", attempts: 2 };
        const calls = pool(options);
        await serve({ ...options, backoff: { delay: 1 }, retryOn: () => true });
        assertEquals((await calls.run("told", [])).traceparent, traceparent);
        await assertRejects(() => calls.run("fail", ["mine"], { name: "shown" }), DeadLetterError);
      });
    } finally {
      for (const channel of channels) unsubscribe(channel, onMessage);
    }
    assertEquals(seen, [
      ...["publish told 0 true", "start told 1 true", "end told 1 true", "publish shown 0 true", "start shown 1 true"],
      ...["retry shown 1 true RangeError", "start shown 2 true", "dead shown 2 true RangeError"],
      "end shown 2 true DeadLetterError",
    ]);
  },
);

testWith(
  "programs",
  "a server holds its program until it is drained, a pool as long as a call is pending, and no longer",
  async () => {
    const program = new URL("./programs/holds.ts", import.meta.url).pathname;
    const said = { "a server": "it goes on", "a pending call": "it goes on\nit has settled", "an idle pool": "3" };
    for (const [kind, expected] of Object.entries(said)) {
      const { code, stdout, stderr } = await run(program, [kind]);
      assertEquals([kind, code, stdout.trim()], [kind, 0, expected], stderr);
    }
  },
);
