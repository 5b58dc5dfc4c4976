/** From one list to another one with few moves. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type PatchPlan, patchPlan } from "../../../../io/inspector/page/patch_plan.ts";

/** What a list is after a plan was followed. */
function followed(from: readonly number[], { gone, placed }: PatchPlan<number>): number[] {
  const list = from.filter((key) => !gone.includes(key));
  for (const { key, before } of placed) {
    if (list.includes(key)) list.splice(list.indexOf(key), 1);
    const index = before === undefined ? list.length : list.indexOf(before);
    assert(index >= 0, `${before} is not there yet`);
    list.splice(index, 0, key);
  }
  return list;
}

const lists = fc.uniqueArray(fc.nat(20), { maxLength: 20 });

test("a plan makes one list of the other", () => {
  fc.assert(fc.property(lists, lists, (from, to) => {
    assertEquals(followed(from, patchPlan(from, to)), to);
  }));
});

test("what is kept is not moved: the others are, about it", () => {
  fc.assert(fc.property(lists, lists, fc.nat(20), (from, to, kept) => {
    const plan = patchPlan(from, to, kept);
    assertEquals(followed(from, plan), to);
    assert(!from.includes(kept) || plan.placed.every(({ key }) => key !== kept));
  }));
});

test("a list that is the same needs nothing", () => {
  fc.assert(fc.property(lists, (list) => {
    assertEquals(patchPlan(list, [...list]), { gone: [], placed: [] });
  }));
});

test("who is new, gone or moved is touched, and nobody else", () => {
  assertEquals(patchPlan([1, 2, 3, 4], [1, 2, 4]), { gone: [3], placed: [] });
  assertEquals(patchPlan([1, 2, 4], [1, 2, 3, 4]), { gone: [], placed: [{ key: 3, before: 4 }] });
  assertEquals(patchPlan([1, 2, 3, 4], [4, 1, 2, 3]), { gone: [], placed: [{ key: 4, before: 1 }] });
  assertEquals(patchPlan([1, 2, 3, 4], [2, 3, 4, 1]), { gone: [], placed: [{ key: 1, before: undefined }] });
  assertEquals(patchPlan([1, 2], [2, 1], 1), { gone: [], placed: [{ key: 2, before: 1 }] });
});
