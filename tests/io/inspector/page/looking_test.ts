/** What the page looks at. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Looking } from "../../../../io/inspector/page/looking.ts";
import { longestSearch, mostRows } from "../../../../io/inspector/protocol.ts";

const none: ReadonlySet<number> = new Set();

test("a view says which groups are unfolded, and which tasks of which page are listed", () => {
  const looking = new Looking();
  looking.fold(7, true, none);
  looking.fold(8, true, none);
  looking.fold(7, false, none);
  looking.choose(8);
  looking.turn(2);
  assertEquals(looking.view(3), { client: 3, open: [8], group: 8, search: "", offset: 2 * mostRows });
});

test("another group and another search begin with the first page; the same search changes nothing", () => {
  const looking = new Looking();
  looking.turn(1);
  assert(looking.find("  read "));
  assertEquals([looking.search, looking.offset], ["read", 0]);
  looking.turn(1);
  assert(!looking.find("read"));
  assertEquals(looking.offset, mostRows);
  looking.choose(null);
  assertEquals(looking.offset, 0);
});

test("a search is cut where the program takes no more", () => {
  const looking = new Looking();
  looking.find("x".repeat(longestSearch + 5));
  assertEquals(looking.search.length, longestSearch);
});

test("where the list has become shorter, the last page there is shows", () => {
  const looking = new Looking();
  looking.turn(3);
  assert(!looking.fit(3 * mostRows + 1));
  assert(looking.fit(2 * mostRows));
  assertEquals(looking.offset, mostRows);
  assert(looking.fit(0));
  assertEquals(looking.offset, 0);
  looking.turn(-1);
  assertEquals(looking.offset, 0);
});

test("no more groups are unfolded than the program takes: one that does not show is folded first, else the one unfolded first", () => {
  const looking = new Looking();
  for (let id = 0; id < mostRows; id++) looking.fold(id, true, none);
  looking.fold(1000, true, new Set([0, 1, 3]));
  assertEquals([looking.open.size, looking.open.has(2), looking.open.has(0)], [mostRows, false, true]);
  const all = new Set(looking.open);
  looking.fold(1001, true, all);
  assertEquals([looking.open.size, looking.open.has(0), looking.open.has(1001)], [mostRows, false, true]);
});
