import diagnostics from "node:diagnostics_channel";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { group, sleep, type Task, type TaskGroup, tasks, WorkerPool } from "../../../mod.ts";
import { type Inspector, inspector, type InspectorOptions, serve } from "../../../io/mod.ts";
import { start } from "../../support/child.ts";
import { root } from "../../support/hosts.ts";
import { latch } from "../../support/latch.ts";
import { thisHost } from "../../support/this_host.ts";
import { until, within } from "../../support/within.ts";
import { spawnDeadlocked } from "./deadlocked.ts";
import { Looking, post } from "./looking.ts";

async function withInspector(
  body: (page: Inspector) => Promise<void>,
  options: InspectorOptions = {},
): Promise<void> {
  await using page = await inspector({ print: false, ...options });
  await body(page);
}

const plain = (name: string): string => name.replace(/#\d+$/, "");

/** A group of tasks that sleep until `body` has ended. */
async function withTasks(names: readonly string[], body: (g: TaskGroup) => Promise<void>): Promise<void> {
  await group(async (g) => {
    for (const name of names) g.spawn(() => sleep(60_000), { name });
    await sleep(0);
    await body(g);
    g.cancel();
  }, { name: "program" });
}

test("an inspector tells those who look of groups with the counts of their tasks, and of tasks with what they wait for", async () => {
  await withInspector(async (page) => {
    await withTasks(["reader", "writer"], async (g) => {
      g.spawn(() => group((inner) => void inner.spawn(() => sleep(60_000), { name: "deep" }), { name: "inner" }), {
        name: "outer",
      });
      const looking = await Looking.at(page.url);
      const state = await looking.state(({ rows }) => rows.length === 4);
      const program = state.groups.find(({ name }) => name === "program")!;
      assertEquals(program.counts, { queued: 0, running: 0, waiting: 4, cancelling: 0 });
      const outer = state.rows.find(({ name }) => plain(name) === "outer")!;
      assertEquals(outer.waitingFor, "the group inner");
      assertEquals([program.depth, program.hasGroups, program.isOpen], [0, true, false]);
      const reader = state.rows.find(({ name }) => plain(name) === "reader")!;
      assertEquals([reader.state, reader.waitingFor, reader.group], ["waiting", "sleep", "program"]);
      assertEquals(await looking.view({ open: [program.id] }), 204);
      const unfolded = await looking.state(({ groups }) => groups.length > 1);
      const inner = unfolded.groups.find(({ name }) => name === "inner")!;
      assertEquals(inner.depth, 1);
      assertEquals(await looking.view({ group: inner.id }), 204);
      const chosen = await looking.state(({ rowsTotal }) => rowsTotal === 1);
      assertEquals(plain(chosen.rows[0]!.name), "deep");
      await looking.leave();
    });
  });
});

test("a search picks tasks by part of their name, and what is beyond 200 rows comes by an offset", async () => {
  await withInspector(async (page) => {
    const names = Array.from({ length: 450 }, (_, index) => index % 2 === 0 ? `Reader ${index}` : `writer ${index}`);
    await withTasks(names, async () => {
      const looking = await Looking.at(page.url);
      const all = await looking.state(({ rowsTotal }) => rowsTotal === 450);
      assertEquals(all.rows.length, 200);
      await looking.view({ offset: 400 });
      const rest = await looking.state(({ rows }) => rows.length === 50);
      assertEquals(plain(rest.rows[0]!.name), "Reader 400");
      await looking.view({ search: "reader" });
      const found = await looking.state(({ rowsTotal }) => rowsTotal === 225);
      assert(found.rows.every(({ name }) => name.startsWith("Reader")));
      await looking.leave();
    });
  });
});

test("tasks that wait for one another are told as a circle, and each as part of it", async () => {
  await withInspector(async (page) => {
    await group(async (g) => {
      spawnDeadlocked(g, "first", "second");
      g.spawn(() => sleep(60_000), { name: "bystander" });
      const looking = await Looking.at(page.url);
      const { cycles, rows } = await looking.state((state) => state.cycles.length > 0);
      assertEquals(cycles.map((cycle) => cycle.map(plain).sort()), [["first", "second"]]);
      assertEquals(rows.filter(({ inCycle }) => inCycle).map(({ name }) => plain(name)).sort(), ["first", "second"]);
      assertEquals(plain(rows.find(({ name }) => plain(name) === "first")!.blockedBy[0]!), "second");
      await looking.leave();
      g.cancel();
    });
  });
});

test("since when a task is in its state, and where it was spawned, are told of those that somebody saw come", async () => {
  await withInspector(async (page) => {
    await withTasks(["before"], async (g) => {
      const looking = await Looking.at(page.url);
      g.spawn(() => sleep(60_000), { name: "after" });
      const { rows } = await looking.state((state) => state.rows.length === 2);
      const [before, after] = ["before", "after"].map((name) => rows.find((row) => plain(row.name) === name)!);
      assertEquals([before!.since, before!.place], [null, null]);
      assert(after!.since! >= 0 && /inspector_test\.ts:\d+:\d+$/.test(after!.place!), JSON.stringify(after));
      await looking.leave();
    });
  });
});

test("pools with their workers and calls, and servers with their requests, are told", async () => {
  await withInspector(async (page) => {
    const running = latch();
    const server = await serve(async (_request, context) => {
      context.spawn(() => running.promise, { name: "query" });
      await running.promise;
      return new Response("done");
    });
    const module = new URL("../../scheduler/workers/tasks.ts", import.meta.url);
    const pool = new WorkerPool<typeof import("../../scheduler/workers/tasks.ts")>(module, { size: 1, name: "sums" });
    const call = pool.run("later", [7, 3000]).catch(() => {});
    const answer = fetch(new URL("/cats", server.url)).then((response) => response.text());
    const looking = await Looking.at(page.url);
    const state = await looking.state(({ pools, servers }) =>
      pools.some(({ name, workers }) => name === "sums" && workers[0]?.state === "busy") &&
      servers.some(({ requests }) => requests.length > 0)
    );
    const sums = state.pools.find(({ name }) => name === "sums")!;
    assertEquals([sums.size, sums.running, sums.workers[0]!.call], [1, 1, "later"]);
    const shown = state.servers.find(({ url }) => url === String(server.url))!;
    assertEquals([shown.active, shown.ready, shown.requests[0]!.name, shown.requests[0]!.tasks], [
      1,
      true,
      "GET /cats",
      1,
    ]);
    running.open();
    assertEquals(await answer, "done");
    await pool.close({ timeout: 0 });
    await call;
    await server.drain();
    await looking.state(({ pools, servers }) => pools.length + servers.length === 0);
    await looking.leave();
  });
});

test("an inspector shows nothing of itself", async () => {
  await withInspector(async (page) => {
    const looking = await Looking.at(page.url);
    await looking.state();
    const { total, groups, servers } = await looking.state();
    assertEquals([total.running + total.waiting, groups.length, servers.length], [0, 0, 0]);
    await looking.leave();
  });
});

test("without its token, or called by another name, an inspector answers 403 to everything", async () => {
  await withInspector(async (page) => {
    const wrong = new URL(page.url);
    wrong.pathname = `/${"0".repeat(32)}/`;
    for (const url of [new URL("/", page.url), wrong, new URL("events", wrong), new URL("trace", wrong)]) {
      const response = await fetch(url);
      await response.body?.cancel();
      assertEquals(response.status, 403, String(url));
    }
    assertEquals(await post(wrong, "view", {}), 403);
    assertEquals(await statusFor(page.url, "evil.example"), 403);
    assertEquals(await statusFor(page.url, `evil.example:${page.url.port}`), 403);
    assertEquals(await statusFor(page.url, `localhost:${page.url.port}`), 200);
  });
});

/** The status of a request that calls the server by another name. */
async function statusFor(url: URL, host: string): Promise<number> {
  const { connect, readLines } = await import("../../../io/mod.ts");
  await using connection = await connect({ hostname: "127.0.0.1", port: Number(url.port) });
  await connection.write(
    new TextEncoder().encode(`GET ${url.pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
  );
  for await (const line of readLines(connection)) return Number(line.split(" ")[1]);
  throw new Error("There was no answer");
}

test("each answer keeps other sites out: no frame, no script of theirs, nothing kept", async () => {
  await withInspector(async (page) => {
    for (const path of ["", "page.js", "page.css", "page.svg"]) {
      const { status, headers, body } = await fetch(new URL(path, page.url));
      await body?.cancel();
      assertEquals(status, 200);
      assert(headers.get("content-security-policy")!.startsWith("default-src 'self'"));
      assert(!headers.has("access-control-allow-origin"));
      assertEquals([headers.get("cache-control"), headers.get("referrer-policy")], ["no-store", "no-referrer"]);
    }
  });
});

test("an address that others can reach needs a token, which has to fit into a URL", async () => {
  assertThrows(() => inspector({ hostname: "0.0.0.0" }), TypeError, '"0.0.0.0"');
  assertThrows(() => inspector({ token: "" }), TypeError, '""');
  assertThrows(() => inspector({ token: "with a slash / in it" }), TypeError);
  assertThrows(() => inspector({ control: "yes" as never }), TypeError);
  assertThrows(() => inspector({ other: 1 } as never), TypeError);
  await using page = await inspector({ hostname: "0.0.0.0", token: "a-token-of-my-own", print: false });
  assert(page.url.pathname.startsWith("/a-token-of-my-own/"));
});

test("what a page sends is looked at: wrong messages are refused, and change nothing", async () => {
  await withInspector(async (page) => {
    const looking = await Looking.at(page.url);
    const { client } = looking.hello;
    const right = { client, open: [], group: null, search: "", offset: 0 };
    const wrong: unknown[] = [
      null,
      1,
      [],
      {},
      { ...right, open: [1.5] },
      { ...right, open: Array.from({ length: 201 }, (_, index) => index) },
      { ...right, group: "1" },
      { ...right, search: "x".repeat(201) },
      { ...right, offset: -1 },
      "{",
    ];
    for (const each of wrong) assertEquals(await post(page.url, "view", each), 400, JSON.stringify(each).slice(0, 60));
    assertEquals(await post(page.url, "view", { ...right, client: client + 1 }), 404);
    assertEquals(await post(page.url, "view", right, { "content-type": "text/plain" }), 415);
    assertEquals(await post(page.url, "view", " ".repeat(20_000)), 413);
    assertEquals(await post(page.url, "other", right), 404);
    assertEquals(await post(page.url, "view", right), 204);
    await looking.leave();
  });
});

test("only with control: true a page cancels a task, changes its priority, drains a server", async () => {
  await withInspector(async (page) => {
    assertEquals(await post(page.url, "control", { do: "cancel", task: 1 }), 403);
  });
  await withInspector(async (page) => {
    const server = await serve(() => new Response("hello"));
    await group(async (g) => {
      const task: Task<void> = g.spawn(() => sleep(60_000), { name: "victim" });
      const looking = await Looking.at(page.url);
      assertEquals(looking.hello.control, true);
      const state = await looking.state(({ rows, servers }) => rows.length === 1 && servers.length === 1);
      assertEquals(await post(page.url, "control", { do: "priority", task: task.id, priority: "background" }), 204);
      assertEquals(task.priority, "background");
      assertEquals(await post(page.url, "control", { do: "cancel", task: task.id }), 204);
      await until(() => task.state === "cancelled", "the task is cancelled");
      assertEquals(await post(page.url, "control", { do: "cancel", task: task.id }), 404);
      assertEquals(await post(page.url, "control", { do: "cancel", task: 123456 }), 404);
      assertEquals(await post(page.url, "control", { do: "drop", task: task.id }), 400);
      assertEquals(await post(page.url, "control", { do: "drain", server: state.servers[0]!.id }), 204);
      await server.finished;
      await looking.leave();
    });
  }, { control: true });
});

test("an inspector ends with the group that opened it, and when it is closed, with those who look", async () => {
  const { promise, open } = latch<Inspector>();
  await group(async () => open(await inspector({ print: false })));
  const page = await promise;
  await page.close();
  await assertRejects(() => fetch(page.url));
  const other = await inspector({ print: false });
  const looking = await Looking.at(other.url);
  await looking.state();
  const ended = looking.ended();
  await other.close();
  assert(await ended);
  await assertRejects(() => fetch(other.url));
  assertEquals(tasks(), []);
});

test("as many may look as there is room for; a further one is told so", async () => {
  await withInspector(async (page) => {
    const all = await Promise.all(Array.from({ length: 16 }, () => Looking.at(page.url)));
    const response = await fetch(new URL("events", page.url));
    await response.body?.cancel();
    assertEquals(response.status, 503);
    await Promise.all(all.map((looking) => looking.leave()));
  });
});

test("a program ends although its inspector is open, and although somebody looks; on Deno when those have left", async () => {
  for (const looks of [false, true]) {
    const child = start(join(root, "tests/io/inspector/programs/ends.ts"));
    const [, page, server] = await child.waitFor(/(http:\S+) (http:\S+)/);
    const looking = looks ? await Looking.at(new URL(page!)) : undefined;
    await looking?.state();
    assertEquals(await (await fetch(server!)).text(), "ends");
    // Deno holds the process for an answer that is under way, whatever its server says.
    if (thisHost() === "deno") await looking?.leave();
    const { code, signal } = await within(child.ended, "the program has ended");
    assertEquals([code, signal], [0, null]);
    await looking?.leave().catch(() => {});
  }
});

test("a trace of five seconds can be had from the page, one at a time, without the way to it", async () => {
  await withInspector(async (page) => {
    const response = await fetch(new URL("trace", page.url));
    const second = await fetch(new URL("trace", page.url));
    await second.body?.cancel();
    assertEquals([response.status, second.status], [200, 409]);
    await group((g) => void g.spawn(() => sleep(1), { name: "traced" }));
    const text = await response.text();
    const { traceEvents } = JSON.parse(text) as { traceEvents: { name: string }[] };
    assert(traceEvents.some(({ name }) => name.startsWith("traced#")));
    assert(!text.includes(page.url.pathname.split("/")[1]!));
    const left = await fetch(new URL("trace", page.url));
    await left.body!.cancel();
    await until(() => !diagnostics.channel("millrace.task.end").hasSubscribers, "a client that left records nothing");
  });
});

test("who looks goes on to see when the first who looked has left", async () => {
  await withInspector(async (page) => {
    await withTasks(["before"], async (g) => {
      const first = await Looking.at(page.url);
      const second = await Looking.at(page.url);
      await Promise.all([first.state(), second.state()]);
      await first.leave();
      await second.state();
      g.spawn(() => sleep(60_000), { name: "after" });
      await second.state(({ rows }) => rows.some(({ name }) => plain(name) === "after"));
      await second.leave();
    });
  });
});
