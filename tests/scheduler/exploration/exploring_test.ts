/** Tests of a runner that explore: what the runner is given, what it reports, and that it keeps its limits. */

import { test } from "node:test";
import process from "node:process";
import { spawnSync } from "node:child_process";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TimeoutError } from "../../../mod.ts";
import { type ExploreOptions, exploring, ScheduleFailure, type Simulation } from "../../../testing.ts";
import { root, typeScriptArguments } from "../../support/hosts.ts";
import { thisHost } from "../../support/this_host.ts";
import { testWith } from "../../support/needs.ts";

type Body = (...args: unknown[]) => Promise<void>;

/** What a runner's test function is given for these arguments, with the body of the test at its place. */
function given(args: readonly unknown[], options?: ExploreOptions): unknown[] {
  let received: unknown[] = [];
  const runner = (...all: unknown[]): string => (received = all, "what the runner returns");
  const wrapped = exploring(runner, options) as unknown as (...all: readonly unknown[]) => unknown;
  assertEquals(wrapped(...args), "what the runner returns");
  return received;
}

/** The body that a runner is given for a test. */
function bodyOf(
  body: (sim: Simulation, context: never) => unknown,
  options?: ExploreOptions,
  ...rest: unknown[]
): Body {
  return given(["a test", body, ...rest], options)[1] as Body;
}

async function lastToCome(sim: Simulation): Promise<void> {
  let shown = "";
  await Promise.all(["a", "ab"].map((text) => sim.io(text).then(() => shown = text)));
  if (shown !== "ab") throw new Error(`shows ${shown}`);
}

async function endless(sim: Simulation): Promise<void> {
  for (;;) await sim.io();
}

const unlimited: ExploreOptions = { maxSteps: Infinity };

test("the runner is given what its function was called with, each argument at its place", () => {
  const options = { timeout: 100, only: true };
  for (const args of [["name", lastToCome], ["name", options, lastToCome], ["name", lastToCome, 100], [lastToCome]]) {
    const received = given(args);
    assertEquals(received.length, args.length);
    args.forEach((arg, index) => {
      if (arg !== lastToCome) assertEquals(received[index], arg);
      else assertEquals([typeof received[index], (received[index] as Body).name], ["function", "lastToCome"]);
    });
  }
  const [definition] = given([{ name: "name", ignore: false, fn: lastToCome }]) as [{ fn: Body }];
  assertEquals({ ...definition, fn: undefined }, { name: "name", ignore: false, fn: undefined } as never);
  assert(definition.fn !== (lastToCome as unknown));
  assertEquals(given(["to be written"]), ["to be written"]);
});

test("the body that the runner is given has no parameter, lest it waits for a callback; its text shows fixtures", () => {
  const bodies: [(...args: never[]) => unknown, string][] = [
    [lastToCome, "() => {}"],
    [async (_sim: Simulation, { page, user: name }: Record<string, string>) => void await [page, name], "({"],
    [function (_sim: Simulation, context: unknown) {
      return context;
    }, "() => {}"],
  ];
  for (const [body, text] of bodies) {
    const wrapped = bodyOf(body as never);
    assertEquals([wrapped.length, String(wrapped).startsWith(text)], [0, true], String(wrapped));
  }
  assert(/\(\{\s*page, user: name\s*\}\) => \{\}/.test(String(bodyOf(bodies[1]![0] as never))));
});

test("the body is given what the runner gives its tests", async () => {
  const context = { name: "of the runner" };
  const seen: unknown[] = [];
  await bodyOf((sim, own) => void seen.push(typeof sim.io, own))(context);
  assertEquals(seen, ["function", context]);
});

test("a failure names the test and the way to run it again, and begins at the test", async () => {
  const body = bodyOf(lastToCome);
  const failure = await assertRejects(() => body({}), ScheduleFailure);
  assertEquals(failure.schedule.length, 1);
  const last = failure.message.split("\n").slice(-3);
  assertEquals(last, [
    'Found by schedule 2 of the test "a test"; it alone runs again with this before the command of the test:',
    "",
    `  MILLRACE_REPLAY=${failure.token}`,
  ]);
  const again = await assertRejects(() => body({}), ScheduleFailure);
  assert(again !== failure && again.message === failure.message, "a runner that tries again gets another error");
});

test("the exploration ends with the runner's signal, and with the one of its options", async () => {
  for (const which of ["runner", "options"]) {
    const controller = new AbortController();
    const reason = new Error(`by the ${which}`);
    const options = which === "options" ? { ...unlimited, signal: controller.signal } : unlimited;
    const context = { signal: which === "runner" ? controller.signal : new AbortController().signal };
    let steps = 0;
    const body = bodyOf(async (sim) => {
      while (await sim.io(), true) if (++steps === 10) controller.abort(reason);
    }, options);
    assertEquals(await body(context).catch((error) => error), reason);
  }
});

test("the exploration ends before the runner's own limit: a number, an option, that of the context, or jest's", async () => {
  const limited: [Body, unknown?][] = [
    [bodyOf(endless, unlimited, 50)],
    [bodyOf(endless, unlimited, { timeout: 50 }), {}],
    [given(["a test", { timeout: 50 }, endless], unlimited)[2] as Body, {}],
    [bodyOf(endless, unlimited), { task: { timeout: 50 } }],
    [bodyOf(endless, { ...unlimited, maxTime: 45 }, 60_000), {}],
  ];
  for (const [body, context] of limited) {
    const error = await assertRejects(() => body(...context === undefined ? [] : [context]), TimeoutError);
    assertEquals(error.timeout, 45);
  }
  const key = Symbol.for("TEST_TIMEOUT_SYMBOL");
  Object.assign(globalThis, { [key]: 50 });
  try {
    // Jest gives its tests nothing.
    assertEquals((await assertRejects(() => bodyOf(endless, unlimited)(), TimeoutError)).timeout, 45);
  } finally {
    delete (globalThis as Record<symbol, unknown>)[key];
  }
});

test("what is wrong is refused as the test is made, not as it runs", () => {
  assertThrows(() => exploring(undefined as never), TypeError, "The test function of a runner has to be a function");
  assertThrows(() => exploring(() => {}, { maxSchedule: 1 } as never), TypeError, "The options of exploring are");
  assertThrows(() => exploring(() => {}, { maxSchedules: 0 }), RangeError, "maxSchedules");
  assertThrows(() => exploring(() => {}, { replay: "m1-?" }), TypeError, "m1-?");
});

testWith("programs", "the test function of the host's own runner reports what an exploration has found", () => {
  const first = runTests();
  assertEquals(first.status === 0, false, first.output);
  const line = '"a" is held back until "ab" has come';
  for (const text of ["ScheduleFailure", line, "console.log  shows a", "shows a and not ab", "failing.ts:16:"]) {
    assert(first.output.includes(text), `${text} is missing in\n${first.output}`);
  }
  // Of the schedules that were searched nothing is printed: the text stands in the timeline alone.
  assertEquals(first.output.split("\n").filter((each) => each.trim() === "shows ab"), [], first.output);
  assert(!first.output.includes("it was run"), first.output);
  if (thisHost() !== "deno") {
    assert(first.output.includes("TimeoutError") && first.output.includes("after 270 ms"), first.output);
    const fakes = thisHost() === "bun" ? "The fake timers of bun:test" : "The fake timers of node:test";
    assert(first.output.includes(`${fakes} (`), first.output);
  }
  const [command, token] = /MILLRACE_REPLAY=(\S+)/.exec(first.output) ?? [];
  assert(command !== undefined, first.output);
  const again = runTests({ MILLRACE_REPLAY: token! });
  assert(again.output.includes('Found by schedule 1 of the test "what was typed last is shown"'), again.output);
  assertEquals(again.output.includes("no body that this process"), false, again.output);
  // Whoever runs one schedule sees what it prints as it does.
  assert(again.output.split("\n").some((each) => /^(# )?shows ab$/.test(each.trim())), again.output);
});

/** Runs the failing tests with the runner of the host that runs this. */
function runTests(env: Record<string, string> = {}): { status: number | null; output: string } {
  const file = "./tests/support/exploring/failing.ts";
  const host = thisHost();
  const args = host === "deno"
    ? ["test", "-A", "--no-check", file]
    : host === "bun"
    ? ["test", file]
    : [...typeScriptArguments(host as "node"), file];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    // A runner that finds itself in another one would report to that.
    env: { ...process.env, NO_COLOR: "1", NODE_TEST_CONTEXT: undefined, ...env },
    timeout: 60_000,
  });
  return { status, output: stdout + stderr };
}
