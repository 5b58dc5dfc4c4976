import { useAll } from "./server.ts";

// The worker's entry is one of the executable too, under the name of its source.
await useAll({ worker: () => new Worker(new URL("./worker.ts", import.meta.url).href, { type: "module" }) });
