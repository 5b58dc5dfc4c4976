import { useAll } from "./server.js";

// webpack makes a file of the worker's entry, which serves its functions itself, and finds Node's `Worker` for it.
void useAll({ worker: () => new Worker(new URL("./worker.js", import.meta.url)) });
