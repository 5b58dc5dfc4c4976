/** An lcov report as a table. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { coverageTable, readLcov } from "./coverage_table.ts";

const report = `TN:
SF:scheduler/a.ts
FN:1,f
FNDA:3,f
BRDA:1,0,0,3
BRDA:4,1,0,0
BRDA:5,2,0,-
BRF:3
BRH:1
DA:1,3
DA:2,3
DA:3,0
DA:4,0
DA:5,0
DA:7,0
LH:2
LF:6
end_of_record
TN:
SF:mod.ts
DA:1,1
end_of_record
`;

test("lines and branches of each file are read", () => {
  const [a, mod, ...rest] = readLcov(report).values();
  assertEquals([a!.file, mod!.file, rest], ["scheduler/a.ts", "mod.ts", []]);
  assertEquals([...a!.lines], [[1, 3], [2, 3], [3, 0], [4, 0], [5, 0], [7, 0]]);
  assertEquals([a!.branches, mod!.branches], [[3, 0, 0], []]);
  assertEquals(readLcov("").size, 0);
});

test("each file with code has a row with the lines that were not reached, and the last row is the total", () => {
  const files = [...readLcov(report).values(), { file: "types.ts", lines: new Map(), branches: [] }];
  assertEquals(coverageTable(files), [
    "  lines  branches  file: lines that were not reached",
    " 33.3 %   33.3 %  scheduler/a.ts: 3-5, 7",
    "100.0 %        -  mod.ts",
    " 42.8 %   33.3 %  total of 2 files: 3 of 7 lines, 1 of 3 branches",
  ]);
});

test("a share is never rounded up to all", () => {
  const lines = new Map(Array.from({ length: 10_000 }, (_, index) => [index + 1, index === 0 ? 0 : 1]));
  assertEquals(coverageTable([{ file: "a.ts", lines, branches: [1] }])[1], " 99.9 %  100.0 %  a.ts: 1");
});
