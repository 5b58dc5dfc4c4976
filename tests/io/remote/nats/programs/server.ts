/** Serves the functions of the tests from a process of its own, which can be killed. */

import process from "node:process";
import { serveTasks } from "../../../../../remote.ts";
import { tasks } from "../../remote_support.ts";

// Whoever started it may be gone.
setTimeout(() => process.exit(1), 120_000).unref();
const server = await serveTasks(tasks, { size: 1, ...JSON.parse(process.argv[2]!) });
process.on("SIGTERM", () => void server.drain().then(() => process.exit(0)));
console.log("ready");
