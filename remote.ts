/**
 * Past one machine: the functions of a module, served with `serveTasks` and called through a `RemotePool`.
 *
 * @module
 */

export * from "./io/remote/mod.ts";
