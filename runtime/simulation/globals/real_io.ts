/**
 * The doors to the world outside, which a simulation keeps shut.
 *
 * @module
 */

import { builtin } from "../../hosts/common/node_process.ts";
import type { World } from "../loop/world.ts";
import { promised } from "./real_work.ts";

/** A function by which code reaches the world: the object it is a member of, its name there, and how people call it. */
export interface Door {
  readonly target: object;
  readonly name: string;
  readonly call: string;
}

/** Not the calls on open files: a runner of tests may write its report by them meanwhile. */
const fileCalls = [
  "access",
  "appendFile",
  "chmod",
  "chown",
  "copyFile",
  "cp",
  "exists",
  "glob",
  "lchown",
  "link",
  "lstat",
  "lutimes",
  "mkdir",
  "mkdtemp",
  "open",
  "openAsBlob",
  "opendir",
  "readFile",
  "readdir",
  "readlink",
  "realpath",
  "rename",
  "rm",
  "rmdir",
  "stat",
  "statfs",
  "symlink",
  "truncate",
  "unlink",
  "utimes",
  "watch",
  "watchFile",
  "writeFile",
];
const nameCalls = ["lookup", "lookupService", "resolve", "resolve4", "resolve6", "resolveAny", "resolveTxt", "reverse"];
const denoCalls = [
  "Command",
  "chmod",
  "chown",
  "connect",
  "connectTls",
  "copyFile",
  "create",
  "link",
  "listen",
  "listenDatagram",
  "listenTls",
  "lstat",
  "makeTempDir",
  "makeTempFile",
  "mkdir",
  "open",
  "readDir",
  "readFile",
  "readLink",
  "readTextFile",
  "realPath",
  "remove",
  "rename",
  "resolveDns",
  "serve",
  "stat",
  "symlink",
  "truncate",
  "utime",
  "watchFs",
  "writeFile",
  "writeTextFile",
];
const bunCalls = ["connect", "file", "listen", "serve", "spawn", "udpSocket", "write"];
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
  const names = builtin<{ promises?: object }>("node:dns");
  add(names, nameCalls, "dns.");
  add(names.promises, nameCalls, "dns.promises.");
  add(
    builtin<{ Socket: { prototype: object } }>("node:dgram").Socket.prototype,
    ["bind", "connect", "send"],
    "dgram.Socket.",
  );
  add(builtin<object>("node:worker_threads"), ["Worker"], "worker_threads.");
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
export function fetchOf(world: World, network: () => { fetch: typeof fetch }): typeof fetch {
  const own = globalThis.fetch;
  const read = promised(world, "fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const response = await own(input, init);
    const { status, statusText, headers, url } = response;
    // Whole: its parts would come when the host likes.
    const whole = new Response(await response.arrayBuffer(), { status, statusText, headers });
    return Object.defineProperty(whole, "url", { value: url });
  }) as typeof fetch;
  return (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return localUrl.test(url) ? read(input, init) : network().fetch(input, init);
  };
}
