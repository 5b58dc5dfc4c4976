/** Small programs for the tests of the host that need a process of their own: the argument says which one. */

import process from "node:process";
import { currentHost } from "../../../../runtime/current_host.ts";

const host = currentHost();
const programs: Record<string, () => void> = {
  /** Ends at once. */
  unref() {
    host.setTimer(() => console.log("fired"), 600_000).unref();
    host.setTimer(() => console.log("fired"), 2 ** 40).unref();
  },
  /** Ends when the timer has fired. */
  ref() {
    const timer = host.setTimer(() => console.log("fired"), 30);
    timer.unref();
    timer.ref();
  },
  /** Ends at once. */
  cancelled() {
    host.setTimer(() => console.log("fired"), 600_000).cancel();
  },
  /** Ends when the last of the two is released. */
  keepAlive() {
    const one = host.keepAlive();
    const other = host.keepAlive();
    one();
    one();
    host.setTimer(() => {
      console.log("released");
      other();
    }, 30).unref();
  },
  /** Ends when the signal has come, because then nothing holds it any more. */
  signal() {
    const release = host.keepAlive();
    const remove = host.onSignal("SIGTERM", () => {
      console.log("got SIGTERM");
      remove();
      remove();
      console.log(`listeners: ${process.listenerCount("SIGTERM")}`);
      release();
    });
    console.log("ready");
  },
  exit() {
    host.setTimer(() => console.log("fired"), 600_000);
    host.exit(7);
  },
  exitCode() {
    host.setExitCode(9);
    host.report("a text for a person");
  },
};

programs[process.argv[2]!]!();
