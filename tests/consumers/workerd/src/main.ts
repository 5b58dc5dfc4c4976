import { useLibrary } from "./program.ts";

// The host has no `Worker`; with nodejs_compat it has one that is not implemented.
const noThreads = "setImmediate" in globalThis
  ? { name: "Error", message: /Worker.* not implemented/ }
  : { name: "TypeError", message: /no threads/ };

export default {
  async fetch(): Promise<Response> {
    await useLibrary({ worker: new URL("file:///tasks.js"), lacks: { pool: noThreads, watchdog: noThreads } });
    return new Response("done");
  },
};
