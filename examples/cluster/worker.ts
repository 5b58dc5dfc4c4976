/** A worker, as a process of its own: `worker.ts NAME SERVERS PAUSE`. It says its number when it serves; SIGTERM drains it. */

import process from "node:process";
import { main } from "../../mod.ts";
import { serveTasks } from "../../remote.ts";
import { queue, threads } from "./settings.ts";
import type { WorkerSettings } from "./tasks.ts";

const [name = "worker", servers = "nats://127.0.0.1:4222", pause = "0"] = process.argv.slice(2);

await main(async () => {
  await serveTasks(new URL("./tasks.ts", import.meta.url), {
    ...queue,
    ...{ servers, name, size: threads, grace: 2000 },
    workers: { workerData: { worker: name, pause: Number(pause) } satisfies WorkerSettings },
  });
  console.log(`serves as ${process.pid}`);
});
