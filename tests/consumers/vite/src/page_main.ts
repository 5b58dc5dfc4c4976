import { noServer, useInPage } from "./page.ts";
import { useServer } from "./server.ts";

// Vite makes a file of the worker's entry, which serves its functions itself.
await useInPage(
  () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  () => useServer(noServer),
);
