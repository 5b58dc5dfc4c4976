/** A program for signals_test.ts: is sent a signal, and leaves without having taken it. */

import process from "node:process";
import { signals } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";

const isHeard = process.argv[2] === "heard";
if (isHeard) process.on("SIGTERM", () => console.log("heard by another"));

/** Waits until what was sent before has arrived: signals to one process come in order. */
async function arrived(): Promise<void> {
  const later = signals(["SIGWINCH"]);
  process.kill(process.pid, "SIGWINCH");
  await later.next();
  await later.return!();
}

const received = signals(["SIGTERM"]);
const other = process.argv[2] === "two" ? signals(["SIGTERM"]) : undefined;
process.kill(process.pid, "SIGTERM");
await arrived();
if (other !== undefined) {
  await other.return!();
  await arrived();
  console.log("one left");
}
console.log("leaving");
await received.return!();
if (isHeard) await arrived();
// Not waited for where all is well: the signal ends the program.
else await sleep(20_000);
console.log("still here");
if (isHeard) process.exit(0);
