/** A program for signals_test.ts: is sent a signal, and leaves without having taken it. */

import process from "node:process";
import { signals } from "../../io/mod.ts";
import { sleep } from "../../mod.ts";

const received = signals(["SIGTERM"]);
if (process.argv[2] === "heard") process.on("SIGTERM", () => console.log("heard by another"));
process.kill(process.pid, "SIGTERM");
// There is nothing to wait for: the signal is not to be taken.
await sleep(200);
console.log("leaving");
await received.return!();
await sleep(200);
console.log("still here");
