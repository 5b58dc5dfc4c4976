/** A server whose process is given few descriptors: it prints its port, and ends when its standard input does. */

import process from "node:process";
import { serve } from "../../../io/mod.ts";

const server = await serve(() => new Response("hello"));
console.log(`port ${server.port}`);
process.stdin.on("data", () => {});
process.stdin.on("end", () => {
  void server.drain({ grace: 100 }).then(() => {
    console.log("drained");
    process.exit(0);
  });
});
