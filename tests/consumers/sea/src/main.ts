import path from "node:path";
import { pathToFileURL } from "node:url";
import { useAll } from "./server.ts";

// The worker module lies beside the executable.
void useAll({ worker: pathToFileURL(path.join(path.dirname(process.execPath), "tasks.mjs")) });
