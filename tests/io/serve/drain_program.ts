/** A server with TLS that a signal ends. */

import { serve } from "../../../io/mod.ts";
import { main } from "../../../mod.ts";
import { certificate } from "../../support/certificate.ts";

await main(async () => {
  const server = await serve(() => new Response("hello"), {
    tls: certificate,
    drain: { grace: 20_000, force: 40_000 },
  });
  console.log(`port ${server.port}`);
});
