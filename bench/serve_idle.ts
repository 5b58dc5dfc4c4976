/** The server of the bench of idle connections: prints its port, then its memory in bytes for each line of its input. */

import process from "node:process";
import { serve } from "../io/mod.ts";
import { bareServer } from "./serve_load.ts";

const { port } = process.argv[2] === "ours"
  ? await serve(() => new Response("hello"), { timeout: 10_000, keepAlive: Infinity })
  : await bareServer();
const { gc } = globalThis as { gc?: () => void };
process.stdin.on("data", () => {
  gc?.();
  console.log(process.memoryUsage().rss);
});
console.log(port);
