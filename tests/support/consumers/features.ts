/**
 * What a consumer of the package was seen to do.
 *
 * @module
 */

/** The features, in the order of the table. */
export const features = [
  "group",
  "withTimeout",
  "mapChunked",
  "postTask",
  "Channel",
  "WorkerPool",
  "watchdog",
  "simulate",
  "explore",
  "serve",
  "RemotePool",
] as const;

/** A feature of the library. */
export type Feature = (typeof features)[number];

/** What came of a feature: it works, it has said with an error that it cannot, or the consumer does not use it. */
export type Outcome = "works" | "lacks" | "unused";

/** The outcome of each feature. */
export type Outcomes = Readonly<Record<Feature, Outcome>>;

/** Reads what the common program has printed; the watchdog says itself whom it has seen. */
export function outcomesOf(output: string): Outcomes {
  const told = new Map<string, Outcome>();
  for (const [, outcome, name] of output.matchAll(/\b(works|lacks): (\w+)/g)) told.set(name!, outcome as Outcome);
  if (/The loop is stuck since \d+ ms in .*greedy/.test(output)) told.set("watchdog", "works");
  return Object.fromEntries(features.map((name) => [name, told.get(name) ?? "unused"])) as Record<Feature, Outcome>;
}
