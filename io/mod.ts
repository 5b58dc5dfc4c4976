/**
 * The second floor: what tasks wait for. Everything here opens or joins a scope; cancelling the scope releases it.
 *
 * @example
 * ```ts
 * import { serve } from "@millrace/millrace/io";
 *
 * const server = await serve((request) => new Response(new URL(request.url).pathname));
 * console.log(await (await fetch(new URL("/here", server.url))).text());
 * await server.drain();
 * ```
 *
 * @module
 */

export type { HostSignal } from "../runtime/host.ts";
export { BodyLimitError } from "./body_limit.ts";
export { readBytes, type ReadBytesOptions, walk, type WalkEntry, type WalkOptions } from "./files.ts";
export {
  type DrainOptions,
  type DrainSummary,
  type Handler,
  type RequestContext,
  serve,
  type ServeOptions,
  type Server,
  type ServerStatistics,
} from "./serve.ts";
export { signals } from "./signals.ts";
