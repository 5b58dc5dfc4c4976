import { useAll } from "./server.ts";

// The worker module is an entry of the build, whose name stays.
await useAll({ worker: new URL("./tasks.js", import.meta.url) });
