/**
 * The doors to the world outside, which a simulation keeps shut.
 *
 * @module
 */

import { builtin, hasBuiltins } from "../../hosts/common/node_process.ts";
import { connectionOf, helperOf, lazyOf, programOf, serveOf, spawnOf } from "./helpers.ts";
import { awaited, awaitedOfBody } from "./io_calls.ts";
import { closeOf, connectOf, datagramOf, listenOf, requestOf, socketMethods } from "./sockets.ts";
import type { Wrap } from "./waited_for.ts";

/** A function by which code reaches the world: the object it is a member of, its name there, and how people call it. */
export interface Door {
  readonly target: object;
  readonly name: string;
  readonly call: string;
  /** How the loop waits for it where it is allowed; absent where nobody can tell when something comes of it. */
  readonly wrap: Wrap | undefined;
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
  "writeFile",
];
/** Files that are open already: they were opened by a synchronous call. */
const openFileCalls = [
  "close",
  "fchmod",
  "fchown",
  "fdatasync",
  "fstat",
  "fsync",
  "ftruncate",
  "futimes",
  "read",
  "readv",
  "write",
  "writev",
];
const nameCalls = [
  "lookup",
  "lookupService",
  "resolve",
  "resolve4",
  "resolve6",
  "resolveAny",
  "resolveCaa",
  "resolveCname",
  "resolveMx",
  "resolveNaptr",
  "resolveNs",
  "resolvePtr",
  "resolveSoa",
  "resolveSrv",
  "resolveTlsa",
  "resolveTxt",
  "reverse",
];
const denoCalls = [
  "chmod",
  "chown",
  "copyFile",
  "create",
  "link",
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
  "stat",
  "symlink",
  "truncate",
  "utime",
  "writeFile",
  "writeTextFile",
];
const denoFileCalls = ["lock", "read", "seek", "stat", "sync", "syncData", "truncate", "unlock", "utime", "write"];
const bunNameCalls = ["lookup", "prefetch", "resolve"];
const cacheCalls = ["delete", "has", "keys", "match", "open"];
const webCalls = ["EventSource", "XMLHttpRequest", "Worker"];

type Class = { prototype: object };

interface Globals {
  readonly caches?: object;
  readonly indexedDB?: object;
  readonly Deno?: { readonly Command: Class; readonly FsFile: Class };
  readonly Bun?: { readonly dns?: object; readonly Glob?: Class; readonly RedisClient?: Class };
}

type Add = (target: object | undefined, names: readonly string[], prefix: string, wrap?: Wrap) => void;

/** Adds what there is here to a list. */
function adderTo(found: Door[]): Add {
  return (target, names, prefix, wrap) => {
    for (const name of names) {
      if (typeof (target as Record<string, unknown> | undefined)?.[name] !== "function") continue;
      found.push({ target: target!, name, call: `${prefix}${name}`, wrap });
    }
  };
}

/** All of them that there are here. */
export function doors(): Door[] {
  const found: Door[] = [];
  const add = adderTo(found);
  const { caches, indexedDB, Deno, Bun } = globalThis as unknown as Globals;
  add(globalThis, webCalls, "", helperOf);
  add(caches, cacheCalls, "caches.", awaited);
  add(indexedDB, ["open", "deleteDatabase"], "indexedDB.");
  add(Deno, denoCalls, "Deno.", awaited);
  add(Deno, ["connect", "connectTls"], "Deno.", connectionOf);
  add(Deno, ["serve"], "Deno.", serveOf);
  add(Deno, ["listen", "listenDatagram", "listenTls", "watchFs"], "Deno.");
  add(Deno?.Command.prototype, ["output"], "Deno.Command.", awaited);
  add(Deno?.Command.prototype, ["spawn"], "Deno.Command.", programOf);
  add(Bun, ["connect"], "Bun.", connectionOf);
  add(Bun, ["serve"], "Bun.", serveOf);
  add(Bun, ["spawn"], "Bun.", programOf);
  add(Bun, ["$"], "Bun.", lazyOf);
  add(Bun, ["build", "write"], "Bun.", awaited);
  add(Bun, ["file", "listen", "udpSocket", "S3Client", "SQL"], "Bun.");
  add(Bun?.RedisClient?.prototype, ["connect", "send"], "Bun.RedisClient.", awaited);
  add(Bun?.Glob?.prototype, ["scan"], "Bun.Glob.", awaited);
  add(Bun?.dns, bunNameCalls, "Bun.dns.", awaited);
  if (hasBuiltins()) addModules(add);
  return found;
}

function addModules(add: Add): void {
  const files = builtin<{ promises: object }>("node:fs");
  add(files, fileCalls, "fs.", awaited);
  add(files, ["watch", "watchFile"], "fs.");
  add(files.promises, fileCalls, "fs.promises.", awaited);
  add(files.promises, ["watch"], "fs.promises.");
  const names = builtin<{ promises?: { Resolver?: Class }; Resolver?: Class }>("node:dns");
  add(names, nameCalls, "dns.", awaited);
  add(names.Resolver?.prototype, nameCalls, "dns.Resolver.", awaited);
  add(names.promises, nameCalls, "dns.promises.", awaited);
  add(names.promises?.Resolver?.prototype, nameCalls, "dns.promises.Resolver.", awaited);
  const { Socket } = builtin<{ Socket: Class }>("node:dgram");
  add(Socket.prototype, ["bind", "connect", "send"], "dgram.Socket.", datagramOf);
  add(builtin<object>("node:worker_threads"), ["Worker"], "worker_threads.", helperOf);
  // Whatever opens a connection or a process comes by here: http, fetch of a library, exec.
  const net = builtin<{ Socket: Class; Server: Class }>("node:net");
  add(net.Socket.prototype, ["connect"], "net.Socket.", connectOf);
  add(net.Server.prototype, ["listen"], "net.Server.", listenOf);
  for (const name of ["http", "https"]) {
    // Of its own on Deno and Bun.
    const { Server } = builtin<{ Server: Class }>(`node:${name}`);
    if (Object.hasOwn(Server.prototype, "listen")) add(Server.prototype, ["listen"], `${name}.Server.`, listenOf);
  }
  const processes = builtin<{ ChildProcess: Class }>("node:child_process");
  add(processes.ChildProcess?.prototype, ["spawn"], "child_process.", spawnOf);
}

/** What a simulation lets through though it is I/O: calls on what a synchronous call has opened. */
export function openDoors(): Door[] {
  const found: Door[] = [];
  const add = adderTo(found);
  const { Deno } = globalThis as unknown as Globals;
  add(Deno?.FsFile.prototype, denoFileCalls, "Deno.FsFile.", awaitedOfBody);
  if (hasBuiltins()) add(builtin<object>("node:fs"), openFileCalls, "fs.", awaitedOfBody);
  return found;
}

/** What else has to be known of connections where they are allowed. */
export function allowedDoors(): Door[] {
  const found: Door[] = [];
  const add = adderTo(found);
  if (!hasBuiltins()) return found;
  const { Socket, Server } = builtin<{ Socket: Class; Server: Class }>("node:net");
  add(Server.prototype, ["close"], "net.Server.", closeOf);
  for (const [name, wrap] of Object.entries(socketMethods)) add(Socket.prototype, [name], "net.Socket.", wrap);
  for (const name of ["http", "https"]) {
    const { prototype } = builtin<{ Server: Class }>(`node:${name}`).Server;
    if (Object.hasOwn(prototype, "close")) add(prototype, ["close"], `${name}.Server.`, closeOf);
  }
  const { ClientRequest } = builtin<{ ClientRequest?: Class }>("node:http");
  add(ClientRequest?.prototype, ["onSocket"], "http.ClientRequest.", requestOf);
  return found;
}
