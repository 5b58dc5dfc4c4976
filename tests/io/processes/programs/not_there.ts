/** A program for exec_test.ts: runs one that is not there, and has nothing else to do. */

import { exec } from "../../../../io/mod.ts";

await exec("no-such-program", [], { grace: 60_000 }).catch(({ code }) => console.log(code));
