/**
 * Tests that need more than every host has.
 *
 * @module
 */

import { test } from "node:test";
import { thisHost } from "./this_host.ts";

/** What a page lacks, and why a test of it would tell nothing there. */
const lacks = {
  "async context": "the current task ends at the first await",
  "programs": "a page starts no programs",
  "connections": "a page opens no connections of bytes",
  "memory of threads": "a page does not learn how much memory its workers have in use",
  "environment variables": "a page has none",
  "Node's modules": "a page has no modules of Node",
  "immediates": "a page has neither setImmediate nor nextTick",
  "shared memory": "this page is not isolated from other origins",
  "own modules": "in a bundle the library does not find the modules that its threads load",
  "own frames": "in a bundle the library does not know its own frames",
} as const;

/** Something that not every host has. */
export type Need = keyof typeof lacks;

function isThere(need: Need): boolean {
  if (need === "shared memory") return typeof SharedArrayBuffer === "function";
  return thisHost() !== "browser";
}

/** A test, which is skipped with the reason where the host lacks what it needs. */
export function testWith(needs: Need | readonly Need[], title: string, body: () => unknown): void {
  const lacking = [needs].flat().find((need) => !isThere(need));
  if (lacking === undefined) test(title, async () => void await body());
  else test(title, { skip: `${lacking}: ${lacks[lacking]}` }, () => {});
}
