/** One loop: Millrace's `serve`. The work is cut into slices, so that other requests come between them. */

import { forEachChunked } from "../../mod.ts";
import { serve } from "../../io/mod.ts";

/** 50 ms of work: so many steps of a tenth of a millisecond. */
const steps = new Uint8Array(500);

async function work(): Promise<void> {
  await forEachChunked(steps, () => {
    const end = performance.now() + 0.1;
    while (performance.now() < end);
  });
}

const { port } = await serve(async ({ url }) => {
  if (url.endsWith("/work")) await work();
  return new Response("hello");
});
console.log(port);
