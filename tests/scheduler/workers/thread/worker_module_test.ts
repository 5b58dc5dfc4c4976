/** Worker modules of each format: their functions are found by name. */

import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { WorkerPool } from "../../../../mod.ts";
import { exportOf, functionNames } from "../../../../scheduler/workers/thread/worker_module.ts";

const f = (): number => 1;
const g = (): number => 2;

test("a module's own export comes before one of its default object, and nothing inherited is an export", () => {
  assertEquals(exportOf({ f, default: { f: g, g } }, "f"), f);
  assertEquals(exportOf({ f, default: { f: g, g } }, "g"), g);
  for (const name of ["toString", "constructor", "__proto__", "hasOwnProperty"]) {
    assertEquals(exportOf({ f, default: { g } }, name), undefined, name);
  }
});

test("a default export that is no object has no functions; one that is a function is itself the function of that name", () => {
  fc.assert(fc.property(fc.anything({ withNullPrototype: true }), fc.string(), (value, name) => {
    const found = exportOf({ default: value }, name);
    const isThere = name === "default" || (Object(value) === value && Object.hasOwn(value as object, name));
    if (!isThere) assertEquals(found, undefined);
  }));
  assertEquals(exportOf({ default: f }, "default"), f);
});

test("the functions of a module are listed once each, those of its default object too", () => {
  assertEquals(functionNames({ f, value: 1, default: { f, g, text: "" } }), "f, g");
  assertEquals(functionNames({ default: null }), "none");
});

interface Functions {
  double(n: number): number;
  half(n: number): number;
  nothing(): void;
}

for (const format of ["object", "loop", "default"]) {
  const ending = format === "default" ? "mjs" : "cjs";
  test(`a pool runs the functions of a module that exports one object (${format}.${ending})`, async () => {
    const pool = new WorkerPool<Functions>(new URL(`../programs/exports_${format}.${ending}`, import.meta.url), {
      size: 1,
    });
    try {
      assertEquals([await pool.run("double", [6]), await pool.run("half", [6])], [12, 3]);
      await assertRejects(() => pool.run("nothing", []), TypeError, 'exports no function "nothing": it has');
    } finally {
      await pool.close({ timeout: 0 });
    }
  });
}
