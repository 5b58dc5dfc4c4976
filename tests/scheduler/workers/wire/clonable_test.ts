/** What is found out before anything is sent. */

import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { checkTransfer, Inspection } from "../../../../scheduler/workers/wire/clonable.ts";
import { thrownBy } from "../../../support/errors.ts";
import { thisHost } from "../../../support/this_host.ts";
import { testWith } from "../../../support/needs.ts";

const check = (value: unknown, transfer: unknown[] = []): Inspection => {
  const inspection = new Inspection(transfer);
  inspection.check(value, "value");
  return inspection;
};

testWith("shared memory", "whatever structured clone takes is let through, whatever the shape", () => {
  const leaf = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
    fc.constant(new SharedArrayBuffer(8)),
    fc.constant(new RangeError("an error")),
    fc.constant(/regular/),
  );
  fc.assert(fc.property(leaf, (value) => void check(value)), { numRuns: 300 });
});

test("a function anywhere is refused with its path", () => {
  const path = (value: unknown) => (thrownBy(() => check(value)) as Error).message.split(" ")[0];
  assertEquals(path(() => 1), "value");
  assertEquals(path([0, [() => 1]]), "value[1][0]");
  assertEquals(path({ a: { b: Symbol() } }), "value.a.b");
  assertEquals(path(new Map([["k", () => 1]])), 'value.get("k")');
  assertEquals(path({ s: new Set([() => 1]) }), "value.s");
  class Own {
    method = () => 1;
  }
  assertEquals(path([new Own()]), "value[0].method");
});

test("objects that no host clones are refused on every host", () => {
  const array = new Uint8Array(8);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  const bad = [
    Promise.resolve(),
    new WeakMap(),
    new WeakSet(),
    new WeakRef({}),
    (function* () {})(),
    // Browsers do not tell a Proxy from what is behind it.
    ...(thisHost() === "browser" ? [] : [new Proxy([], {})]),
    array,
    array.buffer,
    AbortSignal.abort(),
  ];
  for (const value of bad) {
    assertEquals((thrownBy(() => check([value])) as Error).name, "DataCloneError");
    assertEquals((thrownBy(() => check([value], [new ArrayBuffer(1)])) as Error).name, "DataCloneError");
  }
});

test("cycles and shared parts end; ports are let through where they are moved, and refused elsewhere", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle, { cycle });
  check(cycle);
  const { port1, port2 } = new MessageChannel();
  check({ port1 }, [port1]);
  assertThrows(() => check({ port2 }, [port1]), DOMException as unknown as typeof Error);
  port1.close();
  port2.close();
});

test("a huge sparse array takes no time", () => {
  const sparse: unknown[] = [];
  sparse[4_000_000_000] = { deep: 1 };
  check(sparse);
});

test("the objects and buffers of a value are found", () => {
  const shared = {};
  const { objects, hasBuffers } = check([shared, [shared], new Uint8Array(1)]);
  assertEquals([objects!.has(shared), hasBuffers], [true, true]);
  assertEquals(check(1).objects, undefined);
});

testWith("shared memory", "transfer lists are checked as a whole", () => {
  const buffer = new ArrayBuffer(1);
  checkTransfer([]);
  checkTransfer([buffer]);
  assertThrows(() => checkTransfer([null]), TypeError);
  assertThrows(() => checkTransfer([[]]), TypeError);
  assertThrows(() => checkTransfer([new SharedArrayBuffer(1)]), TypeError);
  assertEquals((thrownBy(() => checkTransfer([buffer, buffer])) as Error).name, "DataCloneError");
});
