/** What each of the examples prints, on the runtime that runs the test. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { type LoopProgram, predictOrders, type ProfileName } from "../../../testing.ts";
import { run } from "../../support/child.ts";
import { hostOfThis, type MatrixHost, root } from "../../support/hosts.ts";

const folder = join(root, "examples/event-loop");
const host = hostOfThis();
const profiles: Record<MatrixHost, ProfileName> = { node: "node", node26: "node", deno: "deno", bun: "bun" };

/** What a program prints, where nothing is left to the host. */
const printed: Record<string, string> = {
  tasks_and_microtasks: "script start, script end, promise 1, microtask, promise 2, timeout",
  awaits: "script start, outer start, inner start, executor, script end, inner end, then, outer end, timeout",
  listeners: "first listener, second listener, dispatched, microtask of the first, microtask of the second, " +
    "first task, microtask of the first task, second task, microtask of the second task",
  between_timers: "first, first: tick, first: promise, second, second: tick, second: promise",
  late_timer: "a callback that takes 30 ms, a timer of 10 ms, late",
  sync_or_async: "called at once: undefined, called later: 1",
  events_in_constructor: "listeners added, heard: later, heard: listening",
  rendering: "script, promise, frame, promise of the frame, timer, promise of the timer, " +
    "script, promise, timer, promise of the timer, frame, promise of the frame",
  starvation: "microtasks: no timer in 100000 steps, ticks: no timer in 100000 steps, turns: the timer came",
  blocking_loop: "plain loop: the timer came 0 times, in slices: the timer came again and again",
  partitioned_average: "by hand, of 10,000 numbers: 5000.5, in 9999 more turns, " +
    "reduceChunked, of 1,000,000: 500000.5, in far fewer",
  naive_chunks: "2,000 items that cost nothing:,   setTimeout every 10: 199 pauses, " +
    "  setImmediate every 100: 19 pauses,   forEachChunked: hardly any, " +
    "  the clock after each: a look for each item,   forEachChunked: a look now and then, 50 items of 2 ms:, " +
    "  setTimeout every 10: 4 pauses,   setImmediate every 100: 0 pauses, nothing else runs for 100 ms, " +
    "  forEachChunked: one every few items",
  offloading: "17984 primes, meanwhile the timer came again and again",
  thinning_calls: "debounceByHand: abc, debounce: abc, throttleByHand: a, throttle: a, abc, " +
    "a call that waits when its scope ends: forgotten",
  idle_and_frames: "first task, second task, idle, 3 frames, not faster than their rate",
};

/** The programs whose order is a host's choice, as the model of its loop runs them. */
const choices: Record<string, LoopProgram> = {
  timeout_or_immediate(loop) {
    loop.setTimeout(() => loop.log("timeout"), 0);
    loop.setImmediate(() => loop.log("immediate"));
  },
  immediate_in_io(loop) {
    loop.io(() => {
      loop.setTimeout(() => loop.log("timeout"), 0);
      loop.setImmediate(() => loop.log("immediate"));
    });
  },
};

/** What differs from host to host. */
const ofHosts: Record<string, (lines: string[]) => void> = {
  next_tick(lines) {
    // The body of a module is a microtask itself; on Bun a tick may come between it and the others.
    assert(host === "bun" || lines[0] === "module: promise", lines.join());
    assertEquals(lines.slice(0, 2).sort(), ["module: promise", "module: tick"]);
    assertEquals(lines.slice(2), ["timer: tick", "timer: promise"]);
  },
  many_jobs(lines) {
    // Deno looks at its timers between two immediates.
    if (host !== "deno") assertEquals(lines[0], "setImmediate: all 21 jobs before the timer");
    assertEquals(lines.slice(1), ["one slice for all: a few chunks before the timer"]);
  },
  thread_pool(lines) {
    const ends = lines.filter((line) => line.includes("thread")).map((line) => line.split(": ")[1]!.split(", "));
    const [one, , sixteen] = ends as [string[], string[], string[]];
    // Whoever has one thread does one thing after the other. On Bun it has two at least.
    if (host === "node" || host === "node26") assertEquals(one, ["hash", "hash", "hash", "hash", "file", "name"]);
    // With enough of them, or with threads made when they are needed, what is short does not wait for what is long.
    assertEquals(sixteen.slice(-1), ["hash"]);
    if (host === "deno") assertEquals(one.slice(-1), ["hash"]);
    assertEquals(lines.filter((line) => line.endsWith(" ms")).length, 18);
  },
};

async function linesOf(name: string): Promise<string[]> {
  const { stdout, stderr, code } = await run(join(folder, `${name}.ts`));
  assertEquals(code, 0, stderr);
  return stdout.trimEnd().split("\n");
}

for (const [name, expected] of Object.entries(printed)) {
  test(`examples/event-loop/${name}.ts prints what its text says`, async () => {
    assertEquals((await linesOf(name)).join(", "), expected);
  });
}

for (const [name, program] of Object.entries(choices)) {
  test(`examples/event-loop/${name}.ts prints an order that the model of this host's loop allows`, async () => {
    const orders = predictOrders(program, profiles[host]).map((order) => order.join());
    const order = (await linesOf(name)).join();
    assert(orders.includes(order), `${order} is none of ${orders.join("; ")}`);
  });
}

for (const [name, check] of Object.entries(ofHosts)) {
  test(`examples/event-loop/${name}.ts prints what this host makes of it`, async () => check(await linesOf(name)));
}

test("each example says in its first lines what it shows, is in the list of the folder, and is run above", () => {
  const list = readFileSync(join(folder, "README.md"), "utf8");
  const names = readdirSync(folder).filter((file) => file.endsWith(".ts")).map((file) => file.slice(0, -3));
  for (const name of names) {
    assert(readFileSync(join(folder, `${name}.ts`), "utf8").startsWith("// "), name);
    assert(list.includes(`[${name}.ts](${name}.ts)`), name);
  }
  assertEquals(names.sort(), [printed, choices, ofHosts].flatMap(Object.keys).sort());
});
