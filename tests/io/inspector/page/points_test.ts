/** The points of charts. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { longestPast, mostPoints, Points } from "../../../../io/inspector/page/points.ts";

test("points older than five minutes are dropped", () => {
  const points = new Points(1);
  for (let second = 0; second <= longestPast + 10; second++) points.push(second, [second]);
  assertEquals(points.columns[0]![0], 10);
  assertEquals(points.columns[1]![0], 10);
  assertEquals(points.length, longestPast + 1);
});

test("there are never more points than have room, however many come in a second", () => {
  const points = new Points(2);
  for (let count = 1; count <= 2 * mostPoints; count++) points.push(count / 100, [count, count]);
  assertEquals(points.columns.map(({ length }) => length), [mostPoints, mostPoints, mostPoints]);
  assertEquals(points.columns[1]!.at(-1), 2 * mostPoints);
});

test("where nothing came for a while, there is a gap in the line", () => {
  const points = new Points(1);
  points.push(1, [5]);
  points.push(9, [6]);
  assertEquals(points.columns, [[1, 5, 9], [5, null, 6]]);
});

test("when time goes back, what was before is of another program and is dropped", () => {
  const points = new Points(1);
  for (const at of [10, 11, 12]) points.push(at, [at]);
  points.push(0.5, [7]);
  assertEquals(points.columns, [[0.5], [7]]);
  assert(points.length === 1);
});
