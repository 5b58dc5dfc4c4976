/** Serves the tasks of the chaos, until it is killed. */

import process from "node:process";
import { serveTasks } from "../../../remote.ts";

// Whoever started it may be gone.
setTimeout(() => process.exit(1), 600_000).unref();
await serveTasks(new URL("./tasks.ts", import.meta.url), JSON.parse(process.argv[2]!));
console.log("ready");
