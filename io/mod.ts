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

export * from "./processes/mod.ts";
export * from "./asyncio/mod.ts";
export * from "./files/mod.ts";
export * from "./inspector/mod.ts";
export * from "./net/mod.ts";
export * from "./serve/mod.ts";
export * from "./streams/mod.ts";
export { startTrace, type Trace, type TraceOptions } from "../scheduler/inspection/mod.ts";
