import { useAll } from "./server.mjs";

await useAll({ worker: new URL("./tasks.mjs", import.meta.url) });
