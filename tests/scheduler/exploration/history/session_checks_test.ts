import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkSession, checkSet, checkUnique, history } from "../../../../testing.ts";

test("a client that reads an older version than it has read is found, also under its next name", () => {
  const h = history();
  h.call("c1", { name: "read" }).ok(2);
  h.call("c1", { name: "write", input: 3 }).unknown();
  h.call("c2", { name: "read" }).ok(1);
  assert(checkSession(h).ok, "another client may be behind");
  h.call("c1", { name: "read" }).ok(1);
  const { ok, message, violations } = checkSession(h);
  assertEquals([ok, violations.length], [false, 1]);
  assertEquals(message, "monotonic reads: c1'2: read → 1 is older than c1: read → 2, which came before");
  assertEquals(violations[0]!.operations.map(({ output }) => output), [2, 1]);
});

test("a client that does not read what it has written is found, of each key alone", () => {
  const h = history();
  h.call("c1", { name: "put", key: "x", input: { version: 2 } }).ok();
  h.call("c1", { name: "get", key: "y" }).ok(null);
  const version = (value: unknown) => (value as { version: number }).version;
  assert(checkSession(h, { version }).ok);
  h.call("c1", { name: "get", key: "x" }).ok(null);
  assertEquals(checkSession(h, { version }).violations.map(({ rule }) => rule), ["read your writes"]);
});

test("a read that overlaps another promises nothing to it", () => {
  const at = (call: number, end: number, output: number) => ({ client: "c1", name: "read", output, call, return: end });
  assert(checkSession([at(0, 2, 5), at(2, 3, 4)]).ok);
  assert(!checkSession([at(0, 2, 5), at(3, 4, 4)]).ok);
});

test("a value without a version is refused", () => {
  const h = history();
  h.call("c1", { name: "read" }).ok("v1");
  assertThrows(() => checkSession(h), TypeError, 'received "v1"');
});

test("an element that was added and is not there at the end is lost, whether somebody has seen it or not", () => {
  const h = history();
  for (const element of ["a", "b", "c"]) h.call("c1", { name: "add", input: element }).ok();
  h.call("c1", { name: "add", input: "d" }).unknown();
  h.call("c2", { name: "list" }).ok(["a", "b", "c"]);
  const late = h.call("c3", { name: "add", input: "e" });
  h.call("c2", { name: "list" }).ok(["a"]);
  late.ok();
  const { violations, message } = checkSet(h);
  assertEquals(violations.map(({ rule, operations }) => [rule, operations[0]!.input]), [["lost", "b"], ["lost", "c"]]);
  assertEquals(
    message,
    'lost: "b" was added by c1, and is not there at the end, although c2 has seen it (and 1 more)',
  );
});

test("an element that nobody added is found, and one whose outcome is unknown may be there", () => {
  const h = history();
  h.call("c1", { name: "add", input: "a" }).unknown();
  h.call("c2", { name: "list" }).ok(["a"]);
  assert(checkSet(h).ok);
  h.call("c2", { name: "list" }).ok(["a", "z"]);
  assertEquals(checkSet(h).message, 'never added: c2 has seen "z", which nobody added');
});

test("a set without a list at the end cannot be checked", () => {
  assertThrows(
    () => checkSet([{ client: "c1", name: "add", input: 1, call: 0, return: 1 }]),
    TypeError,
    "needs a list",
  );
});

test("what is given twice is found, and nothing is given as often as one likes", () => {
  const h = history();
  for (const [client, id] of [["c1", 7], ["c2", null], ["c3", null], ["c2", "7"]] as const) {
    h.call(client, { name: "next id" }).ok(id);
  }
  assert(checkUnique(h).ok, '7 and "7" are not the same');
  h.call("c3", { name: "next id" }).ok(7);
  assertEquals(checkUnique(h).message, "unique: 7 was given to c1 and to c3");
});
