import { useAll } from "./server.ts";

// The worker module is an input of the build for servers, whose name stays.
await useAll({ worker: new URL("./tasks.js", import.meta.url) });
