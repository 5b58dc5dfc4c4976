/** Programs for main_test.ts, by name. */

import process from "node:process";
import { serve } from "../../../../io/mod.ts";
import { type Cancelled, group, main, shield, sleep } from "../../../../mod.ts";

const programs: Record<string, () => Promise<void>> = {
  /** Does nothing that a host would take for work, and ends. */
  quiet: () =>
    main(async () => {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        timer.unref();
      });
      console.log("ended");
    }),
  fails: () =>
    main(() => {
      throw new Error("broken on purpose");
    }),
  child: () =>
    main((g) => {
      g.spawn(() => Promise.reject(new Error("broken on purpose")), { name: "reader" });
      g.spawn(() => sleep(1e6));
    }),
  places: () =>
    main((g) => void g.spawn(() => Promise.reject(new Error("broken on purpose")), { name: "reader" }), {
      places: true,
    }),
  primitive: () => main(() => Promise.reject("broken on purpose")),
  waits: () =>
    main(async (g) => {
      g.spawn(async () => {
        console.log("ready");
        try {
          await sleep(1e6);
        } catch (error) {
          console.log((error as Cancelled).source, (error as Cancelled).reason);
          throw error;
        } finally {
          await shield(() => sleep(5));
          console.log("cleaned up");
        }
      });
      await sleep(1e6);
    }),
  stubborn: () =>
    main(async () => {
      console.log("ready");
      await sleep(1e6).catch(() => console.log("signalled"));
      await shield(() => sleep(1e6));
    }),
  failsLate: () =>
    main(async () => {
      console.log("ready");
      try {
        await sleep(1e6);
      } finally {
        // deno-lint-ignore no-unsafe-finally
        throw new Error("broken on purpose");
      }
    }),
  after: async () => {
    await main(() => sleep(1));
    console.log("after", process.listenerCount("SIGINT"), process.listenerCount("SIGTERM"));
  },
  serves: () =>
    main(async () => {
      await group(async () => {
        const server = await serve(async () => {
          console.log("handling");
          await sleep(200);
          return new Response("done");
        }, { drain: { delay: 1e6, grace: 20_000 } });
        console.log(`at ${server.url}`);
        console.log(JSON.stringify(await server.finished));
      });
    }),
};

await programs[process.argv[2]!]!();
