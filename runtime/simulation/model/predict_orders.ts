/**
 * The order model: which logs a program of callbacks can leave on a host.
 *
 * @module
 */

import { BrowserModel } from "./browser_model.ts";
import { Decisions } from "./decisions.ts";
import { abandoned, checkCallback, type LoopModel } from "./loop_model.ts";
import type { LoopProgram } from "./loop_program.ts";
import { type Profile, type ProfileName, profileOf } from "./profile.ts";
import { ServerModel } from "./server_model.ts";
import { Visited } from "./visited.ts";

/** How many runs of a program are made before it is given up as too large. */
const mostRuns = 200_000;

/**
 * Every log that a program can leave on a host with the rules of `profile`, each once. The body of the program is the main
 * script; then the loop begins with its timers.
 *
 * A host may be slow anywhere, so that orders are among them that only a slow host shows. None is among them that phases or
 * queues exclude. The program is run many times, as often as there are decisions to be made.
 *
 * @throws {TypeError} for an unknown profile, and out of the program for a member that the host lacks.
 * @throws {RangeError} for a program without an end, or with too many orders to list.
 * @throws what a callback of the program throws.
 *
 * @example
 * ```ts
 * import { predictOrders } from "@millrace/millrace/testing";
 *
 * const orders = predictOrders((loop) => {
 *   loop.setTimeout(() => loop.log("timeout"), 0);
 *   loop.setImmediate(() => loop.log("immediate"));
 *   loop.promise(() => loop.log("promise"));
 * }, "node");
 * console.log(orders.map((order) => order.join(" ")).sort().join("; "));
 * // -> promise immediate timeout; promise timeout immediate
 * ```
 */
export function predictOrders(program: LoopProgram, profile: ProfileName): string[][] {
  const orders = new Map<string, string[]>();
  search(program, profileOf(profile), undefined, (entries) => {
    orders.set(JSON.stringify(entries), entries);
    return false;
  });
  return [...orders.values()];
}

/**
 * Can a program leave this log on a host with the rules of `profile`? The same as looking for it in
 * {@linkcode predictOrders}, and much faster.
 *
 * @example
 * ```ts
 * import { allowsOrder } from "@millrace/millrace/testing";
 *
 * const program = (loop: import("@millrace/millrace/testing").LoopApi) =>
 *   loop.io(() => {
 *     loop.setTimeout(() => loop.log("timeout"), 0);
 *     loop.setImmediate(() => loop.log("immediate"));
 *   });
 * console.log(allowsOrder(program, "node", ["timeout", "immediate"]));
 * // -> false
 * ```
 */
export function allowsOrder(program: LoopProgram, profile: ProfileName, order: readonly string[]): boolean {
  return search(program, profileOf(profile), order, (entries) => entries.length === order.length);
}

/** Runs the program in every way, until `onEnd` answers true; answers whether it did. */
function search(
  program: LoopProgram,
  profile: Profile,
  wanted: readonly string[] | undefined,
  onEnd: (entries: string[]) => boolean,
): boolean {
  checkCallback(program, "A prediction");
  const decisions = new Decisions();
  const visited = new Visited();
  let runs = 0;
  do {
    if (++runs > mostRuns) throw new RangeError(`The program has more than ${mostRuns} ways to run: too many to list`);
    const entries = runOnce(program, profile, decisions, visited, wanted);
    if (entries !== undefined && onEnd(entries)) return true;
  } while (decisions.advance());
  return false;
}

function runOnce(
  program: LoopProgram,
  profile: Profile,
  decisions: Decisions,
  visited: Visited,
  wanted: readonly string[] | undefined,
): string[] | undefined {
  const Model: new (...args: ConstructorParameters<typeof ServerModel>) => LoopModel = profile.kind === "server"
    ? ServerModel
    : BrowserModel;
  const model = new Model(profile, decisions, visited, wanted);
  try {
    model.runMain(program);
    model.runLoop();
    return model.entries;
  } catch (error) {
    if (error === abandoned) return undefined;
    throw error;
  }
}
