/** What holds for every history. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { checkLinearizable, type Operation } from "../../../../testing.ts";
import { drawFrom, drawOf, hasOrder, type Kind, kinds, played } from "../../../support/histories.ts";

const numbers = fc.array(fc.nat(1000), { minLength: 20, maxLength: 200 });

for (const [name, kind] of Object.entries(kinds)) {
  test(`what clients see of a real ${name} is linearizable, whether operations with unknown outcome took effect or not`, () => {
    fc.assert(fc.property(numbers, fc.integer({ min: 1, max: 5 }), fc.nat(kind.most), (drawn, clients, count) => {
      const h = played(kind, count, drawFrom(drawn), { clients, unknown: 4 });
      const verdict = checkLinearizable(h, kind.model);
      assertEquals([verdict.result, verdict.ok], ["linearizable", true], verdict.message);
      assertEquals(checkLinearizable(JSON.parse(JSON.stringify(h)), kind.model).ok, true, "after JSON");
    }));
  });

  test(`a check of a ${name} says the same as one that tries all orders`, () => {
    const seen = { linearizable: 0, violation: 0, unknown: 0 };
    fc.assert(
      fc.property(numbers, fc.nat(6), fc.nat(), fc.nat(), (drawn, count, at, other) => {
        const operations = changed(played(kind, count, drawFrom(drawn), { unknown: 4 }).operations, at, other);
        const verdict = checkLinearizable(operations, kind.model);
        seen[verdict.result]++;
        assertEquals(verdict.ok, hasOrder(kind, operations, "real-time"), verdict.message);
        if (verdict.ok) return;
        assert(!hasOrder(kind, verdict.operations, "real-time"), "what is shown is a violation by itself");
        assert(verdict.stuck !== undefined && verdict.operations.includes(verdict.stuck));
      }),
      { numRuns: 300 },
    );
    assert(seen.linearizable > 30 && seen.violation > 30 && seen.unknown === 0, JSON.stringify(seen));
  });

  test(`a check of a ${name} for the order of each client alone says the same as one that tries all orders`, () => {
    fc.assert(fc.property(numbers, fc.nat(5), fc.nat(), fc.nat(), (drawn, count, at, other) => {
      const operations = changed(played(kind, count, drawFrom(drawn), { unknown: 4 }).operations, at, other);
      const verdict = checkLinearizable(operations, kind.model, { order: "sequential" });
      assertEquals(verdict.ok, hasOrder(kind, operations, "sequential"), verdict.message);
    }));
  });
}

/** With the answer of one operation in the place of another's of the same name. */
function changed(operations: readonly Operation[], at: number, other: number): readonly Operation[] {
  const answered = operations.filter(({ outcome }) => outcome === "ok");
  if (answered.length === 0) return operations;
  const one = answered[at % answered.length]!;
  const same = answered.filter(({ name }) => name === one.name);
  const output = same[other % same.length]!.output;
  return operations.map((each) => each === one ? { ...each, output } : each);
}

/** With one read moved to a value that was written over before it began; `undefined` if there is no such read. */
function withStaleRead(operations: readonly Operation[], at: number): readonly Operation[] | undefined {
  const writes = operations.filter(({ name, outcome }) => name === "write" && outcome === "ok");
  const stale = operations.flatMap((read) =>
    read.name !== "read" || read.outcome !== "ok"
      ? []
      : writes.filter((old) =>
        writes.some((write) =>
          write.key === read.key && old.key === read.key && old.return! < write.call && write.return! < read.call
        )
      ).map((old) => ({ read, old }))
  );
  if (stale.length === 0) return undefined;
  const { read, old } = stale[at % stale.length]!;
  return operations.map((each) => each === read ? { ...each, output: old.input } : each);
}

test("a read moved to an older value is found, and at most four operations are shown", () => {
  const register: Kind = kinds["register"]!;
  fc.assert(fc.property(numbers, fc.integer({ min: 2, max: 5 }), fc.nat(60), fc.nat(), (drawn, clients, count, at) => {
    const { operations } = played(register, count + 10, drawFrom(drawn), { clients, unknown: 10 });
    const stale = withStaleRead(operations, at);
    fc.pre(stale !== undefined);
    const verdict = checkLinearizable(stale, "register");
    assertEquals([verdict.result, verdict.ok], ["violation", false]);
    assert(verdict.operations.length >= 2 && verdict.operations.length <= 4, verdict.message);
    assert(!hasOrder(register, verdict.operations, "real-time"), "what is shown is a violation by itself");
  }));
});

test("a thousand operations of five busy clients take a bounded number of steps, and a stale read among them few operations", () => {
  const register: Kind = kinds["register"]!;
  const ten = Array.from({ length: 10 }, (_, index) => `k${index}`);
  for (const [keys, most] of [[[undefined], 60_000], [ten, 10_000]] as const) {
    for (const seed of [1, 2, 3]) {
      const { operations } = played(register, 1000, drawOf(seed), { clients: 5, keys });
      const legal = checkLinearizable(operations, "register");
      assertEquals(legal.result, "linearizable");
      assert(legal.steps <= most, `${legal.steps}`);
      const stale = checkLinearizable(withStaleRead(operations, 12_345 * seed)!, "register", { budget: 10 * most });
      assertEquals(stale.result, "violation");
      assert(stale.operations.length <= 4, stale.message);
    }
  }
});

test("a verdict and its picture are the same each time", () => {
  const { operations } = played(kinds["register"]!, 100, drawOf(7), { clients: 5, unknown: 10 });
  const stale = withStaleRead(operations, 3)!;
  assertEquals(checkLinearizable(stale, "register"), checkLinearizable(stale, "register"));
});
