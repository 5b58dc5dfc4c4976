/** A server that is asked all the time, until it is told to end. */

import { main, sleep } from "../../../mod.ts";
import { serve } from "../../../io/mod.ts";

let count = 0;

await main(async () => {
  const server = await serve((request) => {
    // Answers of each kind: at once, later, and as a stream.
    if (++count % 3 === 0) return new Response("at once");
    if (count % 3 === 1) return sleep(3).then(() => new Response("later"));
    return new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(new URL(request.url).pathname));
          controller.close();
        },
      }),
    );
  }, { drain: { grace: 5000, force: 10_000 } });
  console.log(`port ${server.port}`);
});
