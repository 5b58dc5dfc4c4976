/**
 * Which host runs this, for what runs in pages too.
 *
 * @module
 */

import type { MatrixHost } from "./hosts.ts";

/** The hosts that tests are run on. */
export type TestHost = MatrixHost | "browser";

/** The host that runs this. */
export function thisHost(): TestHost {
  const { process } = globalThis as { process?: { versions: Record<string, string | undefined> } };
  if (process === undefined) return "browser";
  if (process.versions["bun"] !== undefined) return "bun";
  if (process.versions["deno"] !== undefined) return "deno";
  return Number(process.versions["node"]!.split(".")[0]) >= 23 ? "node26" : "node";
}
