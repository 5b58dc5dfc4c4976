import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  DivergedError,
  NondeterminismError,
  ScheduleFailure,
  type Simulation,
  soak,
  SoakFailure,
  type SoakOptions,
  type SoakReport,
  type SoakTarget,
} from "../../../../testing.ts";
import { group } from "../../../../mod.ts";
import { livePools } from "../../../../scheduler/workers/pool/live_pools.ts";
import { until, within } from "../../../support/within.ts";
import { testWith } from "../../../support/needs.ts";
import counter, { served, sound, written } from "./bodies.ts";

/** How many blocks of seeds run on threads. */
function running(): number {
  return livePools().filter(({ name }) => name === "soak").reduce((sum, { jobs }) => sum + jobs.running, 0);
}

const module = new URL("./bodies.ts", import.meta.url);

/** The failure that a soak ends with. */
async function failureOf(body: SoakTarget, options: SoakOptions = {}): Promise<SoakFailure> {
  const error = await soak(body, options).then(() => undefined, (error) => error);
  assertInstanceOf(error, SoakFailure);
  return error;
}

/** What of a report does not tell of real time, nor of how many threads there were. */
function timeless({ seeds, events, virtual, hash, faults, marks, sizes, failing, checked }: SoakReport) {
  return { seeds, events, virtual, hash, faults, marks, sizes, failing, checked };
}

test("the lowest failing seed is told, with the faults that it does not fail without", async () => {
  const failure = await failureOf(counter);
  assertInstanceOf(failure, ScheduleFailure);
  const { seed, schedule, faults, token, message, cause, report, timeline } = failure;
  assertEquals([schedule, faults], [['"the answer is lost" happens'], 1]);
  assertEquals((cause as Error).message, "counted 6 of 5");
  const lines = message.split("\n");
  assertEquals(lines[0], token);
  assert(lines.at(-1)!.endsWith(token));
  assert(timeline.includes('✗ "the answer is lost" happens') && timeline.includes("✓ told again"), timeline);
  for (let lower = 0; lower < seed; lower++) assertEquals((await soak(counter, { seeds: [lower] })).failing, 0);
  assertEquals([report.failing, report.seeds, report.failures.length], [1, seed + 1, 1]);
});

testWith(
  "own modules",
  "threads find the same seed, events and faults as this one, however many there are",
  async () => {
    const here = await failureOf(counter, { seeds: { from: 2, count: 1000 } });
    for (const size of [1, 2, 3]) {
      const there = await failureOf(module, { seeds: { from: 2, count: 1000 }, size });
      assertEquals([there.seed, there.schedule, there.timeline], [here.seed, here.schedule, here.timeline]);
      assertEquals(timeless(there.report), timeless(here.report));
    }
    const options = { seeds: 300 };
    const alone = await soak(sound, options);
    const many = await soak({ module, name: "sound" }, { ...options, size: 2 });
    assertEquals(timeless(many), timeless(alone));
    assertEquals([many.name, alone.name, many.threads], ["bodies.ts.sound", "sound", 2]);
  },
);

test("a token runs its seed and faults alone, with the same failure, and passes once the body is mended", async () => {
  const found = await failureOf(counter);
  const again = await failureOf(counter, { replay: found.token });
  assertEquals([again.seed, again.schedule, again.token], [found.seed, found.schedule, found.token]);
  assertEquals([again.timeline, again.kind], [found.timeline, found.kind]);
  assertEquals(again.report.seeds, 1);
  const bodies = { counter: async (sim: Simulation) => void await counter(sim).catch(() => {}) };
  const { seeds, failing } = await soak(bodies.counter, { replay: found.token });
  assertEquals([seeds, failing], [1, 0]);
});

test("a token of another body is an error that names both, and so is one of another version of the body", async () => {
  const { token } = await failureOf(counter);
  await assertRejects(() => soak(sound, { replay: token }), DivergedError, "it is of counter, and this is sound");
  const bodies = {
    counter: async (sim: Simulation) => {
      for (let step = 0; step < 4; step++) await sim.io(`other ${step}`);
      throw new Error("counted 6 of 5");
    },
  };
  const why = await soak(bodies.counter, { replay: token }).catch((error) => error);
  assertInstanceOf(why, DivergedError);
  assert(/a run of counter with \d+ events.*a run of counter with 4 events/.test(why.message), why.message);
});

testWith("own modules", "what a thread has found runs again in this one by its token", async () => {
  const found = await failureOf(module, { size: 2 });
  const again = await failureOf(module, { replay: found.token });
  assertEquals([again.seed, again.timeline, again.token], [found.seed, found.timeline, found.token]);
});

test("a body that fails without faults is told so", async () => {
  const { schedule, faults } = await failureOf(async (sim) => {
    await sim.io("step");
    if (!sim.fault("spared")) throw new Error("always");
  });
  assertEquals([schedule, faults], [["nothing goes wrong: no fault is needed"], 0]);
});

test("events are held back from their order in some seeds, and only those are told that matter", async () => {
  const { schedule } = await failureOf(async (sim) => {
    let shown = "";
    await Promise.all(["a", "b", "c", "d"].map((name) => sim.io(name).then(() => shown += name)));
    if (shown.indexOf("c") < shown.indexOf("b")) throw new Error(`c is shown before b: ${shown}`);
  });
  assertEquals(schedule, ['"b" is held back until "c" has come']);
});

test("a run is made smaller only as long as it fails in the same way", async () => {
  const { cause, schedule } = await failureOf(async (sim) => {
    const lost = [1, 2, 3].map((number) => {
      sim.spin(number);
      return sim.fault("lost");
    });
    await sim.io("step");
    if (lost[0] && lost[2]) throw new Error("the two are lost");
    if (lost[1]) throw new TypeError("another bug");
  }, { seeds: Array.from({ length: 500 }, (_, seed) => seed + 4) });
  assertEquals(schedule.length, (cause as Error) instanceof TypeError ? 1 : 2);
});

test("without stopping at the first failure all seeds are run, and the lowest of each kind is in the report", async () => {
  const report = await soak(async (sim) => {
    await sim.io("step");
    if (sim.fault("torn")) throw new Error(`torn at ${sim.now()}`);
    if (sim.fault("lost")) throw new TypeError("lost");
  }, { seeds: 400, stopAtFailure: false });
  assertEquals([report.seeds, report.failures.length, report.isComplete], [400, 2, true]);
  assertEquals(report.failures.map(({ kind }) => kind).sort(), ["Error: torn at #", "TypeError"]);
  assert(report.failing > 2, `${report.failing} seeds fail`);
  for (const { schedule } of report.failures) assertEquals(schedule.length, 1);
});

test("machines have lanes of their own in the timeline, and what is acknowledged and lost is found", async () => {
  const { schedule, timeline, run } = await failureOf(written, { seeds: 300 });
  assertEquals(schedule.length, 1);
  assert(/^store (is killed|loses its power) before /.test(schedule[0]!), schedule[0]);
  assert(timeline.includes("✗ store "), timeline);
  assert(/world +store +writer/.test(timeline), timeline);
  assertEquals(new Set(run.map(({ lane }) => lane)), new Set(["store", "world", "writer"]));
});

test("a server and its clients pass, with their bytes cut in some seeds", async () => {
  const report = await soak(served, { seeds: 100 });
  assertEquals([report.failing, report.neverReached], [0, []]);
  assert(report.faults.some(({ kind }) => kind === "cut"));
});

test("the time ends a soak between seeds, with a full report", async () => {
  const one = await soak(sound, { duration: 0 });
  assertEquals([one.seeds, one.isComplete, one.failing], [1, false, 0]);
  const some = await soak(sound, { duration: 40 });
  assert(some.seeds >= 1 && !some.isComplete && some.elapsed >= 40, String(some));
  assertEquals(some.marks.find(({ label }) => label === "done")?.seeds, some.seeds);
});

test("seeds are run in ascending order, each once", async () => {
  const drawn: number[] = [];
  const body = () => void drawn.push(Math.random());
  await soak(body, { seeds: [9, 3, 3, -1], check: false });
  const [low, middle, high] = drawn;
  assertEquals(drawn.length, 3);
  for (const [seed, number] of [[-1, low], [3, middle], [9, high]] as const) {
    drawn.length = 0;
    await soak(body, { seeds: { from: seed, count: 1 }, check: false });
    assertEquals(drawn, [number]);
  }
});

test("a body that depends on something outside is told so, with the first event that differs", async () => {
  let runs = 0;
  const body = async (sim: Simulation) => {
    await sim.io("first");
    await sim.io(runs++ === 0 ? "cold" : "warm");
  };
  await assertRejects(() => soak(body), NondeterminismError, 'event 2 was "cold" at 0 ms, then "warm" at 0 ms');
  let calls = 0;
  const ends = async (sim: Simulation) => {
    await sim.io("only");
    if (calls++ % 2 === 1) throw new Error("odd");
  };
  const why = await soak(ends, { seeds: 1 }).catch((error) => error);
  assertInstanceOf(why, NondeterminismError);
  assert(why.message.includes("after the same events it passed, then it failed with Error: odd"), why.message);
});

test("with check each seed is run twice, and without it none", async () => {
  let runs = 0;
  const body = () => void runs++;
  assertEquals([(await soak(body, { seeds: 100, check: true })).checked, runs], [100, 200]);
  runs = 0;
  assertEquals([(await soak(body, { seeds: 100, check: false })).checked, runs], [0, 100]);
  runs = 0;
  assertEquals([(await soak(body, { seeds: 100 })).checked, runs], [2, 102]);
});

test("a failure that comes once and not again is told as one of the body that is not deterministic", async () => {
  let runs = 0;
  const body = () => {
    if (runs++ === 4) throw new Error("once");
  };
  await assertRejects(
    () => soak(body, { check: false }),
    NondeterminismError,
    "seed 4 failed with Error: once, then it passed",
  );
});

test("the signal ends a soak with its reason", async () => {
  const reason = new Error("enough");
  await assertRejects(() => soak(sound, { signal: AbortSignal.abort(reason) }), Error, "enough");
  const controller = new AbortController();
  let runs = 0;
  const body = async (sim: Simulation) => {
    await sim.io("step");
    if (++runs === 10) controller.abort(reason);
  };
  const ended = await soak(body, { signal: controller.signal, seeds: 100_000 }).catch((error) => error);
  assertEquals(ended, reason);
  assert(runs <= 11, `${runs} runs`);
});

test("a signal while faults are left out ends that, and the best so far is told", async () => {
  const controller = new AbortController();
  let hasFailed = 0;
  const body = async (sim: Simulation) => {
    let lost = 0;
    for (let call = 0; call < 60; call++) {
      if (sim.fault("lost")) lost++;
      await sim.io("step");
    }
    if (lost < 20) return;
    if (++hasFailed === 4) controller.abort();
    throw new Error("too many are lost");
  };
  const failure = await failureOf(body, { signal: controller.signal, check: false });
  assert(failure.faults >= 20, `${failure.faults} faults`);
  assertEquals(failure.schedule.at(-1), "(the time or the signal ended the search for fewer)");
  const again = await failureOf(body, { replay: failure.token });
  assertEquals(again.timeline, failure.timeline);
});

test("progress is told with the report so far", async () => {
  const seen: SoakReport[] = [];
  // More than half a second, on a machine of any speed.
  await soak(sound, { duration: 1500, onProgress: (report) => void seen.push(report) });
  assert(seen.length > 0 && seen.length <= 3, `${seen.length} reports`);
  assert(seen[0]!.seeds > 0 && seen[0]!.seeds <= seen.at(-1)!.seeds);
  await assertRejects(
    () =>
      soak(sound, {
        duration: 60_000,
        onProgress() {
          throw new Error("not now");
        },
      }),
    Error,
    "not now",
  );
});

testWith("own modules", "a module without the body, and a thread that dies, are told", async () => {
  const name = "missing";
  await assertRejects(() => soak({ module, name }, { size: 1 }), TypeError, 'the export "missing" of');
  const died = await soak({ module, name: "deadly" }, { size: 1, seeds: 100 }).catch((error) => error);
  assert(/^The thread that ran the seeds 0 to 15 of .* died, twice/.test(died.message), String(died));
});

test("wrong arguments throw at the call", () => {
  const body = () => {};
  const wrong = (options: object, error: typeof TypeError, text: string) =>
    assertThrows(() => soak(body, options), error, text);
  assertThrows(() => soak(7 as unknown as SoakTarget), TypeError, "received 7");
  assertThrows(() => soak("./body.ts"), TypeError, "new URL");
  assertThrows(() => soak({ module, export: "x" } as SoakTarget), TypeError, "export");
  assertThrows(() => soak({ module, name: 7 } as unknown as SoakTarget), TypeError, "received 7");
  wrong({ size: 2 }, TypeError, "A function runs in this thread alone");
  wrong({ size: 0 }, RangeError, "received 0");
  wrong({ seeds: 0 }, RangeError, "received 0");
  wrong({ seeds: "all" }, TypeError, 'received "all"');
  wrong({ seeds: [] }, RangeError, "received none");
  wrong({ seeds: [1.5] }, TypeError, "received 1.5");
  wrong({ seeds: { from: 1, to: 2 } }, TypeError, "to");
  wrong({ seeds: Infinity }, RangeError, "has to end");
  wrong({ duration: -1 }, RangeError, "received -1");
  wrong({ duration: "1 h" }, TypeError, "1 h");
  wrong({ maxSteps: Infinity }, RangeError, "maxSteps");
  wrong({ check: 64 }, TypeError, "received 64");
  wrong({ stopAtFailure: "no" }, TypeError, "no");
  wrong({ onProgress: true }, TypeError, "received true");
  wrong({ signal: 7 }, TypeError, "received 7");
  wrong({ profile: "netscape" }, TypeError, "netscape");
  wrong({ allowRealIo: true }, TypeError, "allowRealIo");
  wrong({ replay: "x" }, TypeError, "A token begins with s1-");
});

testWith("environment variables", "the token of the environment runs alone where the body is its own", async () => {
  const process = (globalThis as unknown as { process: { env: Record<string, string | undefined> } }).process;
  const { token } = await failureOf(counter);
  process.env["MILLRACE_REPLAY"] = token;
  try {
    const own = await failureOf(counter);
    assertEquals([own.report.seeds, own.token], [1, token]);
    assertEquals((await soak(sound, { seeds: 5 })).seeds, 5);
    process.env["MILLRACE_REPLAY"] = "m1-0p0.0.0-0";
    assertEquals((await soak(sound, { seeds: 5 })).seeds, 5);
    process.env["MILLRACE_REPLAY"] = "s1-?";
    await assertRejects(() => soak(sound, { seeds: 5 }), TypeError, "A token begins with s1-");
  } finally {
    delete process.env["MILLRACE_REPLAY"];
  }
});

test("seeds, faults and events are the same on every runtime", async () => {
  const { hash, events } = await soak(sound, { seeds: 100 });
  assertEquals([hash, events], [3388917025, 5928]);
  assertEquals((await failureOf(counter)).token, "s1-counter-0p1.g-d6va6uff-kqzip7_0");
});

testWith("own modules", "the signal ends the threads of a soak as well, in the middle of their seeds", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const ended = soak({ module, name: "endless" }, { size: 2, seeds: 1000, maxSteps: 1e9, signal: controller.signal });
  await until(() => running() > 0, "seeds are run");
  controller.abort(reason);
  assertEquals(await within(ended.catch((error) => error), "the soak has ended"), reason);
  assertEquals(running(), 0);
});

testWith("own modules", "a task that is cancelled ends the soak that it waits for, with its threads", async () => {
  const ended = group(async (g) => {
    g.spawn(() => soak({ module, name: "endless" }, { size: 1, seeds: 1000, maxSteps: 1e9 }));
    await until(() => running() > 0, "seeds are run");
    g.cancel();
  });
  await within(ended.catch(() => {}), "the group has ended");
  assertEquals(running(), 0);
});

test("where a failing run takes many faults, one that takes fewer is looked for", async () => {
  const body = (sim: Simulation): void => {
    let count = 0;
    let last = -1;
    for (let place = 0; place < 40; place++) {
      if (!sim.fault(`fault ${place}`)) continue;
      count++;
      last = place;
    }
    // None of the nine can be left out by itself, and one alone does it too.
    if (count >= 9 || (count === 1 && last % 8 === 7)) throw new Error("wrong");
  };
  const failure = await assertRejects(() => soak(body, { seeds: { from: 0, count: 200 } }), SoakFailure, "wrong");
  assertEquals(failure.schedule.length, 1);
});
