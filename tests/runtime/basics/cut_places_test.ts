import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { cutPlaces, mostPlaces } from "../../../runtime/basics/cut_places.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("chunks of up to 64 bytes may be cut between any two bytes, those of one byte and none not at all", () => {
  assertEquals(cutPlaces(bytes("")), { places: [], all: true });
  assertEquals(cutPlaces(bytes("a")), { places: [], all: true });
  assertEquals(cutPlaces(bytes("abc")), { places: [1, 2], all: true });
  assertEquals(cutPlaces(bytes("a".repeat(64))).places.length, 63);
});

test("longer chunks are cut at their ends, inside of characters, and around line ends and delimiters", () => {
  const long = "x".repeat(100);
  assertEquals(cutPlaces(bytes(long)), { places: [1, 2, 3, 4, 96, 97, 98, 99], all: false });
  const inner = (middle: string) => cutPlaces(bytes(long + middle + long)).places.slice(4, -4).map((at) => at - 100);
  assertEquals(inner("€"), [1, 2]);
  assertEquals(inner("\r\n\r\n"), [0, 1, 2, 3, 4]);
  assertEquals(inner('{"a":1}'), [0, 1, 2, 3, 4, 5, 6, 7]);
  assertEquals(inner("\0"), [0, 1]);
});

test("however many places matter, no more are taken than of a short chunk, and some of each kind", () => {
  const text = "é,".repeat(5000) + "\r\n" + "é,".repeat(5000);
  const { places, all } = cutPlaces(bytes(text));
  assertEquals(all, false);
  assert(places.length <= mostPlaces, `${places.length}`);
  assert(places.includes(15_001));
  assertEquals(places, [...new Set(places)].sort((a, b) => a - b));
});
