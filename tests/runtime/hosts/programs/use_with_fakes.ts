/** Uses the library with fake timers of a kind, installed at a moment; prints what went wrong, and `done`. */

import process from "node:process";
import { kinds } from "./fake_timers.ts";
import { type Moment, useLibrary } from "./use_library.ts";

const [kind, moment] = process.argv.slice(2) as [string, Moment];
for (const line of await useLibrary(await kinds[kind]!(), moment)) console.log(line);
console.log("done");
