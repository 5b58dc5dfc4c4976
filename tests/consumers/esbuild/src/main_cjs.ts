import path from "node:path";
import { pathToFileURL } from "node:url";
import { useAll } from "./server.ts";

// CommonJS has no `import.meta.url`.
declare const __dirname: string;

void useAll({ worker: pathToFileURL(path.join(__dirname, "tasks.cjs")) });
