import process from "node:process";
import { main, WorkerPool } from "@millrace/millrace";
import { inspector } from "@millrace/millrace/io";
import { VerdictCache } from "./cache.ts";
import { checkLink } from "./check.ts";
import { startServer } from "./server.ts";

const pool = new WorkerPool<typeof import("./links.ts")>(new URL("./links.ts", import.meta.url), { size: 2 });
const cache = new VerdictCache((url) => checkLink(url));

await main(async (g) => {
  g.defer(() => pool.close()); // when everything else has ended
  if (process.argv.includes("--inspect")) await inspector();
  const server = await startServer({
    findLinks: (page) => pool.run("findLinks", [page]),
    check: (url) => cache.get(url),
    hostname: process.env["HOST"] ?? "127.0.0.1",
    port: Number(process.env["PORT"] ?? 8080),
  });
  console.log(`listening at ${server.url}`);
});
