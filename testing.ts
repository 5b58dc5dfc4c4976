/**
 * The testing kit: a simulated loop, its order model, and the search of every legal schedule.
 *
 * @module
 */

export * from "./runtime/simulation/mod.ts";
export * from "./scheduler/exploration/mod.ts";
