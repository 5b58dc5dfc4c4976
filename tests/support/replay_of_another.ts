/** An exploration whose token in the environment is of another body, and one whose token is of it. */

import process from "node:process";
import { explore, type ScheduleFailure, type Simulation } from "../../testing.ts";

const lastToCome = (names: readonly string[]) => async (sim: Simulation) => {
  let shown = "";
  await Promise.all(names.map((name) => sim.io(name).then(() => shown = name)));
  if (shown !== names.at(-1)) throw new Error(`shows ${shown}`);
};

const isOwn = process.argv[2] === "own";
const { token } = await explore(lastToCome(["a", "b"])).catch((error: ScheduleFailure) => error) as ScheduleFailure;
process.env["MILLRACE_REPLAY"] = token;
await explore(lastToCome(isOwn ? ["a", "b"] : ["c", "d", "e"])).catch(() => {});
console.log("over");
