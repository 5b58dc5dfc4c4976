/** What the comparison of two trees says of figures, and how it takes bad input. */

import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { changesOf } from "../../bench/against.ts";
import { changeOf, fewestPairs, isKnown } from "../../bench/against_statistics.ts";
import { commandFor, root } from "../support/hosts.ts";

/** Figures around a middle, always the same. */
function figures(count: number, middle: number, spread: number): number[] {
  return Array.from({ length: count }, (_, index) => middle * (1 + spread * (((index * 0.618034) % 1) - 0.5)));
}

test("a change is told with its direction once its interval leaves out 1, and none as the same once it is narrow", () => {
  const old = figures(12, 100, 0.02);
  const verdicts = [0.9, 1, 1.1].map((factor) => {
    const change = changeOf(old, figures(12, 100 * factor, 0.02).reverse());
    assert(change.low! <= change.ratio! && change.ratio! <= change.high!);
    assert(Math.abs(change.ratio! - factor) < 0.02, `${change.ratio}`);
    return change.verdict;
  });
  assertEquals(verdicts, ["less", "same", "more"]);
});

test("figures that scatter more than the change they would tell are unclear, and so are too few pairs", () => {
  const noisy = changeOf(figures(12, 100, 1), figures(12, 102, 1).reverse());
  assertEquals([noisy.verdict, isKnown(noisy)], ["unclear", false]);
  assertEquals(changeOf([100, 100], [200, 200]).verdict, "unclear");
  assertEquals(changeOf([100, 0], [100, 0]).verdict, "same");
  assertEquals(changeOf([100, 0], [100, 1]).verdict, "unclear");
});

test("one pair that other work has spoilt does not change the verdict", () => {
  const old = figures(24, 100, 0.01);
  const spoilt = [...old];
  spoilt[5] = 1000;
  assertEquals(changeOf(old, spoilt).verdict, "same");
});

test("pairs of the same distribution are told to have changed in at most a few of a hundred comparisons", () => {
  let wrong = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 900, max: 1100 }), fc.integer({ min: 900, max: 1100 })), {
        minLength: fewestPairs,
        maxLength: 20,
      }),
      (pairs) => {
        const { verdict } = changeOf(pairs.map(([old]) => old), pairs.map(([, now]) => now));
        if (verdict === "less" || verdict === "more") wrong++;
      },
    ),
    { numRuns: 300, seed: 7 },
  );
  assert(wrong <= 12, `${wrong} of 300`);
});

test("cases that both trees have are compared by name, those of CPU time over the floor's", () => {
  const side = (ours: number, floor: number, extra: string[] = []) =>
    ["floor", "ours", ...extra].map((name) => ({
      name,
      kind: name === "floor" ? "floor" as const : "ours" as const,
      median: name === "floor" ? floor : ours,
      low: 0,
      high: 0,
      cpu: name === "floor" ? floor : ours,
      cpuLow: 0,
      cpuHigh: 0,
      ratio: ours / floor,
      ratioLow: 0,
      ratioHigh: 0,
    }));
  const olds = Array.from({ length: 8 }, () => side(2, 1, ["gone"]));
  const news = Array.from({ length: 8 }, () => side(4, 2));
  const changes = changesOf(olds, news);
  assertEquals(changes.map(({ name }) => name), ["floor", "ours"]);
  assertEquals(changes[1]!.figure.verdict, "more");
  assertEquals(changes[1]!.overFloor!.verdict, "same");
});

function bench(...words: string[]): { status: number | null; stderr: string } {
  const { command, args } = commandFor(join(root, "bench/run.ts"), ...words);
  return spawnSync(command, args, { cwd: root, encoding: "utf8", timeout: 50_000 });
}

test("what nobody can compare is refused with exit code 2 and a sentence, and no worktree is left", () => {
  const before = execFileSync("git", ["-C", root, "worktree", "list"], { encoding: "utf8" });
  const refused: [RegExp, ...string[]][] = [
    [/no-such-thing is no revision/, "--only", "turn", "--against", "no-such-thing"],
    [/--pairs is to be a whole number, 8 at least/, "--only", "turn", "--against", "HEAD", "--pairs", "3"],
    [/No bench has nothing-like-it in its name/, "--only", "nothing-like-it", "--against", "HEAD"],
    [/--pairs is for --against/, "--only", "turn", "--pairs", "9"],
    [/The options are --only, /, "--unknown"],
  ];
  for (const [sentence, ...words] of refused) {
    const { status, stderr } = bench(...words);
    assertEquals(status, 2, `${words.join(" ")}: ${stderr}`);
    assert(sentence.test(stderr), stderr);
  }
  assertEquals(execFileSync("git", ["-C", root, "worktree", "list"], { encoding: "utf8" }), before);
});
