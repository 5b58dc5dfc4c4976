/**
 * The testing kit, used.
 *
 * @module
 */

import { sleep } from "@millrace/millrace";
import { explore, simulate } from "@millrace/millrace/testing";
import { check, feature } from "./program.ts";

/** Uses simulation and exploration; rejects when one does not do what it should. */
export async function useTesting(): Promise<void> {
  await feature("simulate", hourPasses);
  await feature("explore", raceIsFound);
}

async function hourPasses(): Promise<void> {
  const began = performance.now();
  const slept = await simulate(async () => {
    const before = performance.now();
    await sleep(3_600_000);
    return performance.now() - before;
  });
  check("an hour passes in simulated time", slept >= 3_600_000 && performance.now() - began < 60_000, slept);
}

async function raceIsFound(): Promise<void> {
  const error = await explore(async () => {
    let balance = 10;
    const withdraw = async (): Promise<void> => {
      const before = balance;
      await new Promise((resolve) => setTimeout(resolve, 1));
      balance = before - 1;
    };
    await Promise.all([withdraw(), withdraw()]);
    if (balance !== 8) throw new Error(`the balance is ${balance}`);
  }).then(() => undefined, (error: Error) => error);
  check("the lost update is found", error?.message.includes("the balance is 9") === true, error);
  const report = await explore(async () => {
    await Promise.all([sleep(1), sleep(1)]);
  });
  check("a body without a fault passes", report.schedules >= 1, report);
}
