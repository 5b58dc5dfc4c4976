import { type Handler, serve, type ServeOptions, type Server } from "../../../io/mod.ts";
import { withinTest } from "../../support/within.ts";

/** Opens a server, hands it to the test and ends it whatever happens. */
export async function withServer(
  handler: Handler,
  options: ServeOptions,
  body: (server: Server) => Promise<void>,
): Promise<void> {
  const server = await serve(handler, options);
  try {
    await withinTest(body(server));
  } finally {
    await server.drain({ grace: 0, force: 100 });
  }
}
