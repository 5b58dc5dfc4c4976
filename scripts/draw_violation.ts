/** Draws what a broken history looks like, for the guide: `npx tsx scripts/draw_violation.ts`. */

import { mkdirSync, writeFileSync } from "node:fs";
import { checkLinearizable, drawHistory } from "../testing.ts";

const operations = [
  { client: "ann", name: "write", input: 1, call: 0, return: 3 },
  { client: "bob", name: "read", output: 1, call: 4, return: 6 },
  { client: "ann", name: "write", input: 2, call: 5, return: 8 },
  { client: "eve", name: "read", output: 2, call: 7, return: 10 },
  { client: "bob", name: "read", output: 1, call: 11, return: 13 },
];

const verdict = checkLinearizable(operations, "register");
mkdirSync("docs/simulation", { recursive: true });
writeFileSync("docs/simulation/violation.svg", drawHistory(verdict));
console.log(verdict.message);
