import { useInPage } from "./page.js";

// webpack makes a file of the worker's entry, which serves its functions itself.
void useInPage(() => new Worker(new URL("./worker.js", import.meta.url)));
