/**
 * Small programs with the races that are found in the trackers of real projects, each with a twin in which it is mended.
 *
 * @module
 */

import type { Simulation } from "../../testing.ts";
import { largeRaces } from "./races/large.ts";
import { libraryRaces } from "./races/libraries.ts";
import { orderRaces } from "./races/order.ts";
import type { RaceEntry } from "./races/race.ts";
import { serviceRaces } from "./races/services.ts";
import { stateRaces } from "./races/state.ts";

/** A race. */
export interface RaceProgram {
  readonly name: string;
  /** How many events have to be held back for it to fail. */
  readonly deviations: number;
  /** Is it one of those with so many events that few searches get through them? */
  readonly isLarge: boolean;
  /** Fails under some schedules. */
  readonly broken: (sim: Simulation) => Promise<void>;
  /** Passes under all. */
  readonly mended: (sim: Simulation) => Promise<void>;
}

/** All of them. */
export const racePrograms: readonly RaceProgram[] = [
  ...[...stateRaces, ...orderRaces, ...libraryRaces, ...serviceRaces].map((entry) => raceOf(entry, false)),
  ...largeRaces.map((entry) => raceOf(entry, true)),
];

function raceOf([name, deviations, program]: RaceEntry, isLarge: boolean): RaceProgram {
  return {
    name,
    deviations,
    isLarge,
    broken: (sim) => program(sim, false),
    mended: (sim) => program(sim, true),
  };
}
