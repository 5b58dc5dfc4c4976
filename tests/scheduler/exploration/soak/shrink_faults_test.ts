import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { FiredFault, KeptFaults } from "../../../../scheduler/exploration/soak/fault_draws.ts";
import { shrinkFaults } from "../../../../scheduler/exploration/soak/shrink_faults.ts";

/** Faults with these numbers; every third is of another kind, and even ones have simpler forms. */
function faultsOf(keys: readonly number[]): FiredFault[] {
  return keys.map((key) => ({ key, kind: `kind ${key % 3}`, told: `fault ${key}`, simpler: key % 2 === 0 ? 3 : 0 }));
}

/** A run that fails if one of these sets of faults has come as a whole. */
function failsWithAny(sets: readonly (readonly number[])[]) {
  const tried: KeptFaults[] = [];
  async function fails(kept: KeptFaults): Promise<readonly FiredFault[] | undefined> {
    tried.push(kept);
    await Promise.resolve();
    return sets.some((set) => set.every((key) => kept.has(key))) ? faultsOf([...kept.keys()]) : undefined;
  }
  return { fails, tried };
}

const sizes = { minLength: 1, maxLength: 40 };
const systems = fc.uniqueArray(fc.nat(200), sizes).chain((all) =>
  fc.record({
    all: fc.constant(all),
    sets: fc.array(fc.subarray(all, { minLength: 0, maxLength: Math.min(5, all.length) }), {
      minLength: 1,
      maxLength: 4,
    }),
  })
);

test("what is left fails, leaving out any one of it passes, and it takes bounded runs, the same each time", async () => {
  await fc.assert(fc.asyncProperty(systems, async ({ all, sets }) => {
    const { fails, tried } = failsWithAny(sets);
    const { kept, fired, runs, isMinimal } = await shrinkFaults(faultsOf(all), fails);
    assert(isMinimal);
    assertEquals(runs, tried.length);
    assert(runs <= 1000);
    assert(sets.some((set) => set.every((key) => kept.has(key))), "what is left does not fail");
    assertEquals(fired.map(({ key }) => key).sort(), [...kept.keys()].sort());
    for (const key of kept.keys()) {
      const rest = new Set(kept.keys());
      rest.delete(key);
      assert(!sets.some((set) => set.every((other) => rest.has(other))), `fault ${key} could be left out`);
    }
    const again = await shrinkFaults(faultsOf(all), failsWithAny(sets).fails);
    assertEquals([...again.kept], [...kept]);
  }));
});

test("a run that fails without faults is told so at once", async () => {
  const { fails, tried } = failsWithAny([[]]);
  const { kept, runs } = await shrinkFaults(faultsOf([1, 2, 3, 4, 5, 6, 7, 8]), fails);
  assertEquals([kept.size, runs, tried.length], [0, 1, 1]);
});

test("faults whose place never comes when others are left out are dropped with them", async () => {
  const fails = (kept: KeptFaults) =>
    Promise.resolve(kept.has(4) ? faultsOf([...kept.keys()].filter((key) => key <= 4)) : undefined);
  const { fired } = await shrinkFaults(faultsOf([1, 2, 3, 4, 5, 6, 7, 8]), fails);
  assertEquals(fired.map(({ key }) => key), [4]);
});

test("each fault that is left comes in its simplest form that still fails", async () => {
  // Number 2 has to be as it was, number 4 may be simpler by two steps at most.
  const fails = (kept: KeptFaults) =>
    Promise.resolve(kept.get(2) === 0 && (kept.get(4) ?? 9) <= 2 ? faultsOf([...kept.keys()]) : undefined);
  const { kept } = await shrinkFaults(faultsOf([1, 2, 3, 4, 6]), fails);
  assertEquals([...kept].sort(), [[2, 0], [4, 2]]);
});

test("the best so far is kept when the runs are used up or the time is over, and each is told as it is found", async () => {
  const all = faultsOf(Array.from({ length: 64 }, (_, key) => key));
  const told: number[] = [];
  const { fails } = failsWithAny([[3, 40, 63]]);
  const used = await shrinkFaults(all, fails, { maxRuns: 12, onBest: ({ fired }) => void told.push(fired.length) });
  assertEquals([used.runs, used.isMinimal], [12, false]);
  assert(used.fired.length < 64 && used.fired.length > 3, `${used.fired.length} are left`);
  assertEquals(told.at(-1), used.fired.length);
  assertEquals([...told].sort((a, b) => b - a), told);
  let looks = 0;
  const late = await shrinkFaults(all, fails, { isOver: () => ++looks > 5 });
  assertEquals([late.runs, late.isMinimal], [5, false]);
});
