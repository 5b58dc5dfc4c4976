import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { SoakReport } from "../../../../scheduler/exploration/soak/soak_report.ts";
import { addTally, emptyTally, type Tally } from "../../../../scheduler/exploration/soak/tally.ts";
import { type Simulation, soak, SoakFailure } from "../../../../testing.ts";
import { sound } from "./bodies.ts";

/** A report with these faults and marks. */
function reportOf(parts: Partial<Tally>): SoakReport {
  return new SoakReport({ ...emptyTally(), seeds: 10, ...parts }, {
    name: "body",
    profile: "node",
    threads: 1,
    elapsed: 2000,
    progress: [],
    failures: [],
    isComplete: true,
  });
}

/** The lines and the page of a report without what tells of real time. */
function timeless(report: SoakReport): [string, string] {
  const still = Object.assign(Object.create(SoakReport.prototype), report, {
    elapsed: 1,
    progress: [],
    slowest: [],
  }) as SoakReport;
  return [String(still), still.html()];
}

test("two soaks of the same seeds have the same report, but for what tells of real time", async () => {
  const [one, other] = [await soak(sound, { seeds: 200 }), await soak(sound, { seeds: 200 })];
  assertEquals(timeless(one), timeless(other));
  assert((await soak(sound, { seeds: { from: 1, count: 200 } })).hash !== one.hash);
});

test("marks that were never reached come first, and faults without any effect are told", () => {
  const report = reportOf({
    marks: new Map([["often", 9], ["never b", 0], ["once", 1], ["never a", 0]]),
    faults: new Map([
      ["partition", { injected: 7, effective: 0, seeds: 3 }],
      ["power loss", { injected: 30, effective: 20, seeds: 8 }],
      ["disk", { injected: 0, effective: 0, seeds: 0 }],
    ]),
  });
  assertEquals(report.marks.map(({ label }) => label), ["never a", "never b", "once", "often"]);
  assertEquals([report.neverReached, report.withoutEffect], [["never a", "never b"], ["partition"]]);
  assertEquals(report.neverInjected, ["disk"]);
  const text = String(report);
  for (
    const line of [
      "Marks (2 never reached)\n  never a  never reached\n  never b  never reached\n  once     1 seed\n",
      "Faults (1 without any effect)\n  power loss  30 in 8 seeds, 20 with an effect\n  partition   7 in 3 seeds, without any effect\n  disk        never came",
    ]
  ) assert(text.includes(line), text);
  assert(report.html().includes("never reached") && report.html().includes("without any effect"));
});

test("a report without failures says what that means for all other seeds, if there were enough", () => {
  const told = "with 95 % confidence fewer than 0.03 % of all seeds fail";
  const report = reportOf({ seeds: 10_000 });
  assert(String(report).includes(told) && report.html().includes(told), String(report));
  for (const parts of [{ seeds: 29 }, { seeds: 10_000, failing: 1 }]) {
    assert(!String(reportOf(parts)).includes("confidence") && !reportOf(parts).html().includes("confidence"));
  }
});

test("tallies add up to the same in any order", () => {
  const parts: Tally[] = [1, 2, 3].map((number) => ({
    ...emptyTally(),
    seeds: number,
    checked: 1,
    events: 10 * number,
    virtual: 100 * number,
    hash: 0xf0000000 + number,
    faults: new Map([[`kind ${number % 2}`, { injected: number, effective: 1, seeds: 1 }]]),
    marks: new Map([["mark", number % 2]]),
    sizes: [0, 0, number],
    slowest: [{ seed: number, time: number * 5, events: 3 }],
    failing: 1,
    failures: [{ seed: 9 - number, kind: `kind ${number % 2}` }],
  }));
  const sums = [parts, [...parts].reverse()].map((some) => {
    const sum = emptyTally();
    for (const part of some) addTally(sum, part);
    return sum;
  });
  assertEquals({ ...sums[0]!, faults: undefined }, { ...sums[1]!, faults: undefined });
  assertEquals([...sums[0]!.faults].sort(), [...sums[1]!.faults].sort());
  assertEquals(sums[0]!.failures, [{ seed: 6, kind: "kind 1" }, { seed: 7, kind: "kind 0" }]);
  assertEquals(sums[0]!.slowest.map(({ seed }) => seed), [3, 2, 1]);
});

test("the page needs nothing from anywhere, runs nothing, and shows what programs say as text", async () => {
  const evil = `</style><script>alert("x")</script><img src=x onerror='y'>\`\u0007`;
  const bodies = {
    [evil]: async (sim: Simulation) => {
      sim.sometimes(evil, sim.fault(evil));
      console.log(evil);
      await sim.io(evil);
      if (sim.fault("lost")) throw new Error(`${evil}\n${evil}`);
    },
  };
  const failure = await soak(bodies[evil]!, { seeds: 500 }).catch((error) => error) as SoakFailure;
  const page = failure.report.html();
  assert(failure instanceof SoakFailure && page.includes(failure.token), String(failure));
  const tags = new Set([...page.matchAll(/<\/?([a-z0-9!]+)/gi)].map(([, name]) => name!.toLowerCase()));
  for (const tag of ["script", "img", "iframe", "object", "form"]) assert(!tags.has(tag), `the page has a ${tag}`);
  assertEquals(page.match(/<\/style>/g)?.length, 1);
  assert(page.includes("&#60;script&#62;"), "what the program says is not there");
  assert(!/\b(href|src)="(?!data:,)/.test(page) && !/url\(|@import/.test(page), "the page loads something");
  assert(page.includes("default-src 'none'"));
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u0009\u000b-\u001f]/.test(page), "the page has control characters");
});

test("the page and the text hold for a report of nothing, and stay short for one of very much", () => {
  const nothing = reportOf({ seeds: 0 });
  assert(nothing.html().length < 20_000 && String(nothing).includes("0 seeds"));
  const names = Array.from({ length: 5000 }, (_, index) => `${"long name ".repeat(50)}${index}`);
  const much = reportOf({
    marks: new Map(names.map((name, index) => [name, index % 10])),
    faults: new Map(names.map((name) => [name, { injected: 5, effective: 5, seeds: 5 }])),
  });
  assert(much.html().length < 500_000, `${much.html().length} characters`);
  assert(String(much).split("\n").length < 120 && String(much).includes("and 4960 more"));
});
