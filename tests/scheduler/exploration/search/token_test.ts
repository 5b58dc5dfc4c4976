import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DivergedError, explore, ScheduleFailure, type Simulation } from "../../../../testing.ts";
import { actors, failureOf } from "../../../support/explored.ts";
import { racePrograms } from "../../../support/race_programs.ts";
import { run } from "../../../support/child.ts";
import { testWith } from "../../../support/needs.ts";

const staleResponse = racePrograms.find(({ name }) => name === "stale response")!.broken;

test("a token of one runtime is the token of all", async () => {
  const { token, schedules } = await failureOf(staleResponse);
  assertEquals([token, schedules], ["m1-0p0.2.icc5-57edcw7mch92-ch921_2", 2]);
});

test("a token of another body is told to have diverged, and is no failure of that body", async () => {
  const { token } = await failureOf(staleResponse);
  await assertRejects(() => explore(actors([2, 2]), { replay: token }), DivergedError, "of another body");
  const failing = async (sim: Simulation) => {
    await sim.io("something else");
    throw new Error("fails anyway");
  };
  await assertRejects(() => explore(failing, { replay: token }), DivergedError);
  await assertRejects(() => explore(() => {}, { replay: token }), DivergedError);
});

/** Steps of two actors, which are not to end with a step of the first. */
const endsWithSecond = (steps: number, more: () => unknown = () => {}) => async (sim: Simulation) => {
  await actors([steps, steps], (order) => {
    if (order.endsWith("0")) throw new Error("ends with the first");
  })(sim);
  await more();
};

test("a token of another body with the same labels has diverged when that fails by other decisions", async () => {
  const { token } = await failureOf(endsWithSecond(2));
  const error = await assertRejects(() => explore(endsWithSecond(3), { replay: token }), DivergedError, "decisions");
  assert(error.cause instanceof Error);
  assert((await failureOf(endsWithSecond(2), { replay: token })) instanceof ScheduleFailure);
});

test("a token carries profile, seed, version and choices; a forced step takes none of it", async () => {
  const options = { profile: "deno", seed: 77 } as const;
  const drawn: number[] = [];
  const body = (steps: number) => async (sim: Simulation) => {
    for (let step = 0; step < steps; step++) await sim.io("alone");
    drawn.push(Math.random());
    await staleResponse(sim);
  };
  const short = await failureOf(body(1), options);
  const long = await failureOf(body(40), options);
  assert(/^m1-2p25\./.test(short.token), short.token);
  // The numbers of the events differ, and nothing else.
  assert(long.token.length - short.token.length <= 2, `${short.token} ${long.token}`);
  assertEquals(long.schedules, short.schedules);
  drawn.length = 0;
  await failureOf(body(1), { replay: short.token });
  await failureOf(body(40), { replay: long.token });
  assertEquals([new Set(drawn).size, drawn.every((number) => number > 0)], [1, true]);
});

testWith(
  "environment variables",
  "the environment pins a token: the body it is of runs that schedule only, others are explored as ever",
  async () => {
    const { token } = await failureOf(staleResponse);
    process.env["MILLRACE_REPLAY"] = token;
    try {
      const pinned = await failureOf(staleResponse);
      assertEquals([pinned.token, pinned.schedules], [token, 1]);
      assertEquals((await explore(actors([2, 2]))).schedules, 6);
      process.env["MILLRACE_REPLAY"] = "m1-?";
      assertThrows(() => explore(() => {}), TypeError, "m1-?");
    } finally {
      delete process.env["MILLRACE_REPLAY"];
    }
  },
);

testWith("programs", "a token of the environment that no body has taken is told as the process ends", async () => {
  const other = await run("tests/support/replay_of_another.ts");
  assertEquals([other.code, other.stdout.trim()], [0, "over"], other.stderr);
  assert(other.stderr.includes("MILLRACE_REPLAY: no body"), other.stderr);
  const own = await run("tests/support/replay_of_another.ts", ["own"]);
  assertEquals([own.code, own.stderr.includes("MILLRACE_REPLAY")], [0, false], own.stderr);
});

test("the same token brings the same trace: labels, times, random numbers, choices", async () => {
  const trace: string[] = [];
  const body = async (sim: Simulation) => {
    const note = (what: string) => trace.push(`${what} ${sim.now()} ${performance.now()} ${sim.steps}`);
    const timer = setInterval(() => note("tick"), 7);
    await Promise.all(["a", "b", "c"].map(async (name) => {
      await sim.io(name);
      note(`${name} ${Math.random()} ${crypto.randomUUID()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
      await sim.io(`${name} again`, { latency: 5 });
      note(name);
    }));
    clearInterval(timer);
    throw new Error("always");
  };
  const { token } = await failureOf(body, { strategy: "random", seed: 5, startTime: 1000 });
  const traces: string[] = [];
  for (let round = 0; round < 2; round++) {
    trace.length = 0;
    await failureOf(body, { replay: token, startTime: 1000 });
    traces.push(trace.join("\n"));
  }
  assertEquals(traces[0], traces[1]);
  assert(trace.length > 6 && trace[0] !== trace[1], traces[0]);
});
