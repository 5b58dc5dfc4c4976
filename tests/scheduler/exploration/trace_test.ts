/** A failing run as a timeline: in the message and as data, with the console of that run alone. */

import { test } from "node:test";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { group, Latch, sleep } from "../../../mod.ts";
import { explore, type ScheduleFailure, simulate, type Simulation, type TraceEntry } from "../../../testing.ts";
import { failureOf } from "../../support/explored.ts";
import { testWith } from "../../support/needs.ts";

const methods = ["log", "info", "warn", "error", "debug"] as const;

/** Shows what came last, and says so. */
async function lastToCome(sim: Simulation): Promise<void> {
  let shown = "";
  await Promise.all(["a", "ab"].map(async (text) => {
    await sim.io(`response to "${text}"`);
    shown = text;
    console.log("shows %s", text, { length: text.length });
  }));
  sim.sometimes("both came");
  if (shown !== "ab") throw new Error(`shows ${shown}`);
}

/** The timeline in a message, without its indentation. */
function timelineOf({ message }: ScheduleFailure): string[] {
  const [, after = ""] = message.split("\n\nThe run\n");
  return after.split("\n\n")[0]!.split("\n").map((line) => line.slice(2));
}

/** What is printed by the host's own console while `act` runs, by the method. */
async function printedDuring(act: () => Promise<unknown>): Promise<string[]> {
  const printed: string[] = [];
  const before = methods.map((method) => console[method]);
  for (const method of methods) {
    console[method] = (...args: unknown[]) => void printed.push(`${method}: ${args.join()}`);
  }
  const placed = methods.map((method) => console[method]);
  try {
    await act();
    methods.forEach((method, index) => assertStrictEquals(console[method], placed[index]));
  } finally {
    methods.forEach((method, index) => console[method] = before[index]!);
  }
  return printed;
}

test("a failure's message tells the run: what came when, what it began, what was printed and marked", async () => {
  const failure = await failureOf(lastToCome);
  assertEquals(failure.message.split("\n").slice(0, -1), [
    "Error: shows a",
    "",
    "It fails when",
    '  "response to \\"a\\"" is held back until "response to \\"ab\\"" has come',
    "",
    "The run",
    '  0 ms  the body              begins "response to \\"a\\"", "response to \\"ab\\""',
    '  0 ms  "response to \\"ab\\""',
    "  0 ms    console.log         shows ab { length: 2 }",
    '  0 ms  "response to \\"a\\""   was held back',
    "  0 ms    console.log         shows a { length: 1 }",
    "  0 ms    mark                both came",
    "  0 ms  the run fails         Error: shows a",
    "",
  ]);
  assert(failure.message.endsWith(`explore(body, { replay: "${failure.token}" })`), failure.message);
});

testWith(
  "async context",
  "the timeline names the tasks: who asked for an event, who starts, who is woken",
  async () => {
    const failure = await failureOf(async (sim) => {
      const ready = new Latch();
      await group((g) => {
        g.spawn(async () => {
          await ready.wait();
          console.warn("goes on");
          throw new Error("too early");
        }, { name: "reader" });
        g.spawn(async () => {
          await new Promise((resolve) => setTimeout(resolve, 7));
          await sim.io("the file");
          ready.open();
        }, { name: "opener" });
      }, { name: "app" });
    });
    assertEquals(timelineOf(failure), [
      "0 ms  the body",
      "0 ms  a turn                         starts app > reader",
      '0 ms  a turn                         starts app > opener; begins "setTimeout(7)"',
      '7 ms  "setTimeout(7)"  app > opener  begins "the file"',
      '7 ms  "the file"       app > opener',
      "7 ms  a turn                         wakes app > reader (a latch)",
      "7 ms    console.warn   app > reader  goes on",
      "7 ms  the run fails                  Error: too early",
    ]);
  },
);

testWith(
  "async context",
  "the same run is data: plain records, which no printed error shows a second time",
  async () => {
    const failure = await failureOf(async (sim) => {
      await group((g) =>
        void g.spawn(async () => {
          await sleep(5);
          if (sim.fault("the answer is lost")) throw new Error("lost");
        }, { name: "caller" })
      );
    });
    const plain = { heldBack: false, woke: [], began: [] };
    const expected: TraceEntry[] = [
      { time: 0, kind: "begin", event: "the body", ...plain },
      {
        time: 0,
        kind: "turn",
        event: "a turn",
        heldBack: false,
        woke: [{ task: "caller", waitedFor: "its first turn" }],
        began: ['"sleep(5)"'],
      },
      { time: 5, kind: "timer", event: '"sleep(5)"', task: "caller", ...plain },
      { time: 5, kind: "turn", event: "a turn", ...plain, woke: [{ task: "caller", waitedFor: "sleep" }] },
      { time: 5, kind: "choice", event: '"the answer is lost" happens', ...plain },
      { time: 5, kind: "end", event: "the run fails", text: "Error: lost", ...plain },
    ];
    assertEquals(failure.trace, expected);
    assertEquals(JSON.parse(JSON.stringify(failure.trace)), expected);
    assertEquals(Object.keys(failure).includes("trace"), false);
  },
);

test("a timer that is late is a line of its own, in the words of the schedule", async () => {
  const failure = await failureOf(async () => {
    const other = setTimeout(() => {}, 15);
    await new Promise((resolve) => setTimeout(resolve, 10));
    clearTimeout(other);
    if (Date.now() > 10) throw new Error(`it is ${Date.now()} ms`);
  });
  const [choice, timer] = failure.trace.slice(1);
  assertEquals([choice!.kind, choice!.event, timer!.kind], ["choice", failure.schedule[0], "timer"]);
  assert(choice!.event.includes("fires"), choice!.event);
  assert(/ms {4}choice +the timer of 10 ms/.test(timelineOf(failure)[1]!), failure.message);
});

test("the message shows the last forty lines, each of at most 120 signs; the data has a thousand entries", async () => {
  const failure = await failureOf(async (sim) => {
    for (let number = 0; number < 1200; number++) await sim.io(`${number} ${"long ".repeat(50)}`);
    if (sim.fault("it breaks")) throw new Error(`broken ${"x".repeat(500)}`);
  }, { maxSchedules: 3 });
  const lines = timelineOf(failure);
  assertEquals([lines.length, lines[0]], [41, "the last 40 of 1203 lines"]);
  assert(lines.every((line) => line.length <= 120), lines.join("\n"));
  assert(lines.at(-1)!.endsWith("…"));
  assertEquals([failure.trace.length, failure.trace[0]!.event.slice(0, 5), failure.trace.at(-1)!.kind], [
    1000,
    '"202 ',
    "end",
  ]);
});

test("what is printed cannot move the cursor of a terminal, nor break a line", async () => {
  const failure = await failureOf(() => {
    console.log("red \x1b[31m, a bell \x07, another\nline, \x9b, \u2028");
    throw new Error("two\nlines");
  });
  assertEquals(timelineOf(failure).slice(1), [
    "0 ms    console.log  red \\u001b[31m, a bell \\u0007, another\\nline, \\u009b, \\u2028",
    "0 ms  the run fails  Error: two\\nlines",
  ]);
});

test("an exploration prints nothing of what its schedules print, and puts the console back as it was", async () => {
  let runs = 0;
  const printed = await printedDuring(async () => {
    const failure = await failureOf(async (sim) => {
      runs++;
      for (const method of methods) console[method](`${method} of run`);
      await lastToCome(sim);
    });
    const shown = failure.trace.filter(({ kind, text }) => kind === "console" && text!.endsWith("of run"));
    assertEquals(
      shown.map(({ event, text }) => [event, text]),
      methods.map((name) => [`console.${name}`, `${name} of run`]),
    );
    await explore(async (sim) => void (await sim.io(), console.log("passes")));
  });
  assertEquals(printed, []);
  assert(runs > 2);
});

test("what is printed in simulate is printed", async () => {
  assertEquals(await printedDuring(() => simulate(() => console.log("in a simulation"))), ["log: in a simulation"]);
});

testWith("immediates", "what code beside an exploration prints is printed", async () => {
  const controller = new AbortController();
  const printed = await printedDuring(async () => {
    const explored = explore(async (sim) => {
      for (;;) {
        await sim.io();
        console.log("in the body");
      }
    }, { maxSteps: Infinity, signal: controller.signal }).catch((error) => error);
    for (let round = 0; round < 5; round++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      console.info("beside it");
    }
    controller.abort(new RangeError("over"));
    assertEquals((await explored).message, "over");
  });
  assertEquals(printed, Array(5).fill("info: beside it"));
});

test("a replay prints as it goes, and tells the same run", async () => {
  const first = await failureOf(lastToCome);
  let again: ScheduleFailure | undefined;
  const printed = await printedDuring(async () => again = await failureOf(lastToCome, { replay: first.token }));
  assertEquals(again!.trace, first.trace);
  assertEquals(printed.map((line) => line.slice(0, 12)), ["log: shows %", "log: shows %"]);
});

test("a body that fails in the order of arrival is told too, and so is one that deadlocks", async () => {
  const failure = await failureOf(async (sim) => {
    await sim.io("one");
    await new Promise(() => {});
  });
  const lines = timelineOf(failure);
  assertEquals(lines.slice(0, 2), ['0 ms  the body       begins "one"', '0 ms  "one"']);
  assert(lines[2]!.startsWith("0 ms  the run fails  DeadlockError: Deadlock at 0 ms: "), lines[2]);
});
