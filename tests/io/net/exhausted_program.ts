/**
 * An echo server that takes all descriptors there are at SIGUSR2, and gives them back at the next one.
 *
 * @module
 */

import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { main } from "../../../mod.ts";
import { serveTcp, signals } from "../../../io/mod.ts";

await main(async (program) => {
  program.spawn(() =>
    serveTcp(async (connection) => {
      for await (const chunk of connection) await connection.write(chunk);
    }, { onListen: (port) => console.log(`listening on ${port} as ${process.pid}`), onError: () => {} })
  );
  let taken: number[] = [];
  // Some hosts load what they need for that when it is first used.
  closeSync(openSync("/dev/null", "r"));
  for await (const _ of signals(["SIGUSR2"])) {
    if (taken.length > 0) {
      for (const descriptor of taken) closeSync(descriptor);
      taken = [];
      console.log("given back");
      continue;
    }
    try {
      for (;;) taken.push(openSync("/dev/null", "r"));
    } catch (error) {
      console.log(`exhausted: ${(error as { code?: string }).code}`);
    }
  }
});
