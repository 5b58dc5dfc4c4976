/**
 * The doors to the world outside, which a simulation keeps shut.
 *
 * @module
 */

import { builtin } from "../../hosts/common/node_process.ts";

/** A function by which code reaches the world: the object it is a member of, its name there, and how people call it. */
export interface Door {
  readonly target: object;
  readonly name: string;
  readonly call: string;
}

const fileCalls = [
  "access",
  "appendFile",
  "copyFile",
  "lstat",
  "mkdir",
  "mkdtemp",
  "open",
  "opendir",
  "readFile",
  "readdir",
  "realpath",
  "rename",
  "rm",
  "stat",
  "unlink",
  "writeFile",
];
const denoCalls = [
  "connect",
  "connectTls",
  "listen",
  "lstat",
  "mkdir",
  "open",
  "readFile",
  "readTextFile",
  "remove",
  "rename",
  "resolveDns",
  "serve",
  "stat",
  "writeFile",
  "writeTextFile",
];
const bunCalls = ["connect", "file", "listen", "serve", "spawn", "write"];
const webCalls = ["WebSocket", "EventSource", "XMLHttpRequest", "Worker"];

/** All of them that there are here. */
export function doors(): Door[] {
  const global = globalThis as unknown as Record<string, object | undefined> & {
    process?: { getBuiltinModule?: unknown };
  };
  const found: Door[] = [];
  function add(target: object | undefined, names: readonly string[], prefix: string): void {
    for (const name of names) {
      if (typeof (target as Record<string, unknown> | undefined)?.[name] !== "function") continue;
      found.push({ target: target!, name, call: `${prefix}${name}` });
    }
  }
  add(global, webCalls, "");
  add(global["Deno"], denoCalls, "Deno.");
  add(global["Bun"], bunCalls, "Bun.");
  if (global.process?.getBuiltinModule === undefined) return found;
  const files = builtin<{ promises: object }>("node:fs");
  add(files, fileCalls, "fs.");
  add(files.promises, fileCalls, "fs.promises.");
  // Whatever opens a connection or a process comes by here: http, fetch of a library, exec.
  const net = builtin<{ Socket: { prototype: object }; Server: { prototype: object } }>("node:net");
  add(net.Socket.prototype, ["connect"], "net.Socket.");
  add(net.Server.prototype, ["listen"], "net.Server.");
  const processes = builtin<{ ChildProcess: { prototype: object } }>("node:child_process");
  add(processes.ChildProcess?.prototype, ["spawn"], "child_process.");
  return found;
}

/** URLs of which the answer lies in this process. */
const localUrl = /^\s*(data|blob):/i;

/** `fetch` on the network of the simulation; what a URL itself holds is no I/O, and the host's own reads it. */
export function fetchOf(network: () => { fetch: typeof fetch }): typeof fetch {
  const own = globalThis.fetch;
  return (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return localUrl.test(url) ? own(input, init) : network().fetch(input, init);
  };
}
