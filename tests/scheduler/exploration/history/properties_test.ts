/** What holds for every history. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { checkLinearizable, type Operation } from "../../../../testing.ts";
import { type Draw, drawOf, hasOrder, type Kind, kinds, played } from "../../../support/histories.ts";

/** What a history is drawn from; small numbers would all give the same few. */
const seeds = fc.noBias(fc.integer({ min: 0, max: 2 ** 31 - 1 }));
const clients = fc.integer({ min: 1, max: 5 });

for (const [name, kind] of Object.entries(kinds)) {
  test(`what clients see of a real ${name} is linearizable, whether operations with unknown outcome took effect or not`, () => {
    fc.assert(fc.property(seeds, clients, fc.nat(kind.most), (seed, clients, count) => {
      const h = played(kind, count, drawOf(seed), { clients, unknown: 4 });
      const verdict = checkLinearizable(h, kind.model);
      assertEquals([verdict.result, verdict.ok], ["linearizable", true], verdict.message);
      assertEquals(checkLinearizable(JSON.parse(JSON.stringify(h)), kind.model).ok, true, "after JSON");
    }));
  });

  for (const order of ["real-time", "sequential"] as const) {
    test(`a check of a ${name} in ${order} order says the same as one that tries all orders`, () => {
      const seen = { linearizable: 0, violation: 0, unknown: 0 };
      fc.assert(
        fc.property(seeds, clients, fc.integer({ min: 2, max: 6 }), (seed, clients, count) => {
          const draw = drawOf(seed);
          const operations = changed(played(kind, count, draw, { clients, unknown: 6 }).operations, draw);
          const verdict = checkLinearizable(operations, kind.model, { order });
          seen[verdict.result]++;
          assertEquals(verdict.ok, hasOrder(kind, operations, order), verdict.message);
          if (verdict.ok) return;
          assert(!hasOrder(kind, verdict.operations, order), "what is shown is a violation by itself");
          assert(
            verdict.stuck !== undefined && verdict.operations.includes(verdict.stuck),
            "what fits nowhere is shown",
          );
        }),
        { numRuns: 300 },
      );
      assert(seen.linearizable >= 20 && seen.violation >= 20 && seen.unknown === 0, JSON.stringify(seen));
    });
  }
}

/** Mostly with another answer in the place of one. */
function changed(operations: readonly Operation[], draw: Draw): readonly Operation[] {
  const answered = operations.filter(({ outcome, output }) => outcome === "ok" && output !== undefined);
  if (answered.length === 0 || draw(4) === 0) return operations;
  const one = answered[draw(answered.length)]!;
  const values = operations.map(({ input }) => input).filter((input) => typeof input === "number");
  const value = values[draw(values.length + 1)];
  const output = typeof one.output === "boolean"
    ? !one.output
    : Array.isArray(one.output)
    ? value === undefined ? [] : [value]
    : value;
  return operations.map((each) => each === one ? { ...each, output } : each);
}

/** With one read moved to a value that was written over before it began; `undefined` if there is no such read. */
function withStaleRead(operations: readonly Operation[], draw: Draw): readonly Operation[] | undefined {
  const writes = operations.filter(({ name, outcome }) => name === "write" && outcome === "ok");
  const stale = operations.flatMap((read) => {
    if (read.name !== "read" || read.outcome !== "ok") return [];
    const before = writes.filter((write) => write.key === read.key && write.return! < read.call);
    const last = Math.max(...before.map(({ call }) => call));
    return before.filter((old) => old.return! < last).map((old) => ({ read, old }));
  });
  if (stale.length === 0) return undefined;
  const { read, old } = stale[draw(stale.length)]!;
  return operations.map((each) => each === read ? { ...each, output: old.input } : each);
}

test("a read moved to an older value is found, and at most four operations are shown", () => {
  const register: Kind = kinds["register"]!;
  fc.assert(fc.property(seeds, clients, fc.integer({ min: 10, max: 80 }), (seed, clients, count) => {
    const draw = drawOf(seed);
    const stale = withStaleRead(played(register, count, draw, { clients, unknown: 10 }).operations, draw);
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
      const stale = checkLinearizable(withStaleRead(operations, drawOf(seed))!, "register", { budget: 10 * most });
      assertEquals(stale.result, "violation");
      assert(stale.operations.length <= 4, stale.message);
    }
  }
});

test("a verdict is the same each time", () => {
  const { operations } = played(kinds["register"]!, 100, drawOf(7), { clients: 5, unknown: 10 });
  const stale = withStaleRead(operations, drawOf(7))!;
  assertEquals(checkLinearizable(stale, "register"), checkLinearizable(stale, "register"));
});
