/** Lets the promise of each function go, with an error of its own: prints the names of those whose error nobody was told. */

import process from "node:process";
import { configure, group, sleep } from "../../../../mod.ts";
import { turns } from "../../../support/turns.ts";
import { runs } from "./runs.ts";

const told = new Set<unknown>();
const note = (error: unknown): void => {
  for (const each of error instanceof AggregateError ? error.errors : [error]) told.add((each as Error).message);
};
process.on("unhandledRejection", note);
configure({ onUnhandled: note });
// Its result is the error: nobody is to be told.
const names = Object.keys(runs).filter((name) => name !== "allSettled");
for (const name of names) {
  await group(async (g) => {
    await new Promise<void>((resolve) => {
      void runs[name]!(() => sleep(1).then(() => Promise.reject(new Error(name))).finally(resolve), g);
    });
    await turns(5);
  }).catch(note);
}
await turns(5);
console.log(JSON.stringify(names.filter((name) => !told.has(name))));
