import { useAll } from "./server.ts";

// The worker module is an entry of the build, whose name stays: --out-extension:.js=.mjs.
await useAll({ worker: new URL("./tasks.mjs", import.meta.url) });
