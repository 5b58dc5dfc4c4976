import { useAll } from "./server.mjs";

// The worker module is an input of the build, whose name stays.
await useAll({ worker: new URL("./tasks.mjs", import.meta.url) });
