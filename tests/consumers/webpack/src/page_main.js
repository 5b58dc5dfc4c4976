import { noServer, useInPage } from "./page.js";
import { useServer } from "./server.js";

// webpack makes a file of the worker's entry, which serves its functions itself.
void useInPage(() => new Worker(new URL("./worker.js", import.meta.url)), () => useServer(noServer));
