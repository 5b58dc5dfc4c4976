/**
 * A body of ordinary async code on a simulated loop.
 *
 * @module
 */

import { checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import type { Simulation } from "../../runtime/simulation/mod.ts";
import { checkSettings, chooseBy, onStage, type SimulateOptions, simulateOptions, valueOf } from "./stage/stage.ts";

/**
 * Runs a body on a simulated loop: the clock stands still while anything can run and jumps when all is blocked. The body is
 * ordinary async code; timers, `Date`, `performance.now`, `AbortSignal.timeout`, `MessageChannel`, `Math.random` and
 * their relatives are the simulation's until the body has ended, then the host's again. Millrace itself runs in it unchanged. The clock
 * stands still for real work of the body: cryptography, compression, compiling. A simulation that is begun while another one runs waits
 * for that.
 *
 * Cancel what the body does inside of it: there is nothing outside to wait for.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws (rejection) what the body throws; what a callback throws and nobody catches; {@linkcode DeadlockError},
 * {@linkcode LivelockError}, {@linkcode LeakError}, {@linkcode UnhandledRejectionError}; the reason of the `signal`; a `TimeoutError`
 * after `maxTime`; an `Error` in the body of another simulation.
 *
 * @example
 * ```ts
 * import { sleep } from "@millrace/millrace";
 * import { simulate } from "@millrace/millrace/testing";
 *
 * const elapsed = await simulate(async (sim) => {
 *   const start = sim.now();
 *   await sleep(60 * 60 * 1000);
 *   return sim.now() - start;
 * });
 * console.log(elapsed);
 * // -> 3600000
 * ```
 */
export function simulate<T>(
  body: (sim: Simulation) => T | PromiseLike<T>,
  options: SimulateOptions = {},
): Promise<T> {
  checkFunction(body, "The body of a simulation");
  checkOptions(options, "simulate", [...simulateOptions, "allowRealIo"]);
  const settings = checkSettings(options);
  const { seed, maxSteps = 1_000_000 } = options;
  return onStage(
    settings,
    async (stage) =>
      valueOf(await stage.run(body, { choose: chooseBy(seed), seed: seed ?? 0, keepPlaces: true, maxSteps })),
  );
}
