import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { runAllBlocks, type RunBlock } from "../../../../scheduler/exploration/soak/all_blocks.ts";
import { blockSize, SeedList } from "../../../../scheduler/exploration/soak/seeds.ts";
import { addFailure, emptyTally, type Tally } from "../../../../scheduler/exploration/soak/tally.ts";
import { turns } from "../../../support/turns.ts";

/** Runs blocks in which these seeds fail; each takes so many turns as the next number says. */
function runnerOf(failing: readonly number[], lengths: readonly number[]): { run: RunBlock; ran: number[] } {
  const ran: number[] = [];
  let calls = 0;
  const run: RunBlock = async ({ seeds }, signal) => {
    const tally = emptyTally();
    for (let left = lengths[calls++ % lengths.length]!; left > 0; left--) {
      await turns(1);
      signal.throwIfAborted();
    }
    for (const seed of seeds) {
      ran.push(seed);
      tally.seeds++;
      tally.events += seed;
      if (!failing.includes(seed)) continue;
      addFailure(tally, { seed, kind: "Error" });
      break;
    }
    return tally;
  };
  return { run, ran };
}

function runAll(run: RunBlock, lanes: number, count: number, more: Partial<Parameters<typeof runAllBlocks>[1]> = {}) {
  const seeds = new SeedList(count, false);
  return runAllBlocks(run, {
    seeds,
    lanes,
    duration: Infinity,
    stopAtFailure: true,
    signal: undefined,
    onMore() {},
    ...more,
  });
}

test("the sum and the lowest failing seed are the same for any number of lanes, however long blocks take", async () => {
  const count = 10 * blockSize;
  const some = fc.record({
    failing: fc.array(fc.nat(count - 1), { maxLength: 5 }),
    lengths: fc.array(fc.nat(5), { minLength: 1, maxLength: 12 }),
    lanes: fc.integer({ min: 1, max: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(some, async ({ failing, lengths, lanes }) => {
      const lowest = Math.min(...failing, count);
      const { run, ran } = runnerOf(failing, lengths);
      const sum = await runAll(run, lanes, count);
      assertEquals(sum.failures, lowest === count ? [] : [{ seed: lowest, kind: "Error" }]);
      const seeds = Math.min(lowest + 1, count);
      assertEquals([sum.seeds, sum.events], [seeds, seeds * (seeds - 1) / 2]);
      for (let seed = 0; seed <= Math.min(lowest, count - 1); seed++) assert(ran.includes(seed));
    }),
    { numRuns: 60 },
  );
});

test("what is told on the way only grows", async () => {
  const told: number[] = [];
  const { run } = runnerOf([], [5, 0, 2]);
  await runAll(run, 3, 6 * blockSize, { onMore: (sum: Tally) => void told.push(sum.seeds) });
  assertEquals(told.length, 6);
  assertEquals([...told].sort((a, b) => a - b), told);
  assertEquals(told.at(-1), 6 * blockSize);
});

test("an error of one block ends all, and no further one is begun", async () => {
  let begun = 0;
  const run: RunBlock = async ({ index }, signal) => {
    begun++;
    if (index === 2) throw new Error("no thread");
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return emptyTally();
  };
  await assertRejects(() => runAll(run, 4, 100 * blockSize), Error, "no thread");
  assertEquals(begun, 4);
});
