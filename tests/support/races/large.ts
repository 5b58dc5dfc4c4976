/**
 * Races among many events that have nothing to do with them, and races that need long or several delays.
 *
 * @module
 */

import { both, expect, type Program, type RaceEntry } from "./race.ts";

/** Actors that touch nothing of the race, each of some steps. */
const among = (actors: number, steps: number, program: Program): Program => async (sim, mended) => {
  async function actor(number: number): Promise<void> {
    for (let step = 0; step < steps; step++) await sim.io(`other ${number}.${step}`);
  }
  await Promise.all([program(sim, mended), ...Array.from({ length: actors }, (_, number) => actor(number))]);
};

/** The older response comes last. */
const stale: Program = async (sim, mended) => {
  let shown = "";
  let last = 0;
  async function type(text: string): Promise<void> {
    const number = ++last;
    await sim.io(`request for ${text}`);
    await sim.io(`response to ${text}`);
    if (!mended || number === last) shown = text;
  }
  await both(() => type("a"), () => type("ab"));
  expect(shown === "ab", `"${shown}" is shown`);
};

/** One of the last events of a long run has to be held back. */
const late = (steps: number): Program => async (sim, mended) => {
  for (let step = 0; step < steps; step++) await both(() => sim.io(`left ${step}`), () => sim.io(`right ${step}`));
  await stale(sim, mended);
};

/** An answer has to stay out past the whole of another task, that starts when it has been asked for. */
const longDelay = (steps: number): Program => async (sim, mended) => {
  let over = false;
  await sim.io("session");
  async function other(): Promise<void> {
    for (let step = 0; step < steps; step++) await sim.io(`page ${step}`);
    over = true;
  }
  async function held(): Promise<void> {
    await sim.io("answer");
    expect(mended || !over, "the answer comes after the end");
  }
  await both(other, held);
};

/** All of them. */
export const largeRaces: readonly RaceEntry[] = [
  ["stale response among 48 other events", 1, among(8, 6, stale)],
  ["stale response among 100 other events", 1, among(20, 5, stale)],
  ["stale response after 40 pairs of events", 1, late(40)],
  ["answer held back for 100 steps", 1, longDelay(100)],
];
