/** A pool whose workers may read nothing but this project, on Deno. */

import { WorkerPool } from "../../../../mod.ts";

const project = new URL("../../../..", import.meta.url).pathname;
const pool = new WorkerPool<typeof import("./environment.ts")>(new URL("./environment.ts", import.meta.url), {
  size: 1,
  permissions: { read: [project], env: true, sys: true },
});
console.log(await pool.run("mayRead", [`${project}deno.json`]), await pool.run("mayRead", ["/etc/passwd"]));
await pool.close();
