/**
 * The first floor: what runs next, and what belongs together.
 *
 * @module
 */

export { configure, type ConfigureOptions } from "./configure.ts";
export * from "./queue/mod.ts";
export * from "./scopes/mod.ts";
export * from "./waits/mod.ts";
export * from "./tasks/mod.ts";
export * from "./web/mod.ts";
export * from "./chunked/mod.ts";
export * from "./sync/mod.ts";
export * from "./combinators/mod.ts";
export * from "./supervision/mod.ts";
export * from "./workers/mod.ts";
export * from "./inspection/mod.ts";
export * from "./program/mod.ts";
