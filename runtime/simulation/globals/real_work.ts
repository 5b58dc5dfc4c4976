/**
 * The functions of the host that work on another thread, or later: cryptography, compression, compiling. A simulation waits for them.
 *
 * @module
 */

import { builtin, hasBuiltins } from "../../hosts/common/node_process.ts";
import type { World } from "../loop/world.ts";
import { blobStreamOf, loadedBy, streamingOf } from "./blobs.ts";
import type { Member } from "./clock.ts";
import { type Callable, calledBack, promised, type Wrap } from "./waited_for.ts";

const cryptoCalls = [
  "argon2",
  "checkPrime",
  "decapsulate",
  "diffieHellman",
  "encapsulate",
  "generateKey",
  "generateKeyPair",
  "generatePrime",
  "hkdf",
  "pbkdf2",
  "scrypt",
  "sign",
  "verify",
];
const zlibCalls = [
  "brotliCompress",
  "brotliDecompress",
  "deflate",
  "deflateRaw",
  "gunzip",
  "gzip",
  "inflate",
  "inflateRaw",
  "unzip",
  "zstdCompress",
  "zstdDecompress",
];
const blobCalls = ["arrayBuffer", "bytes", "formData", "json", "text"];
const compileCalls = ["compile", "instantiate"];
const streamingCalls = ["compileStreaming", "instantiateStreaming"];
const readerCalls = ["readAsArrayBuffer", "readAsBinaryString", "readAsDataURL", "readAsText"];
const bunCalls = ["zstdCompress", "zstdDecompress"];

/** All of them that there are here. */
export function membersOfRealWork(world: World): Member[] {
  const members: Member[] = [];
  function add(target: object | undefined, names: readonly string[], prefix: string, wrap: Wrap): void {
    for (const name of names) {
      const own: unknown = target === undefined ? undefined : Reflect.get(target, name);
      if (typeof own === "function") {
        members.push({ target: target!, name, value: wrap(world, `${prefix}${name}`, own as Callable) });
      }
    }
  }
  const subtle = Object.getPrototypeOf(crypto.subtle) as object;
  add(subtle, Object.getOwnPropertyNames(subtle).filter((name) => name !== "constructor"), "crypto.subtle.", promised);
  add(Blob.prototype, blobCalls, "Blob.", promised);
  add(Blob.prototype, ["stream"], "Blob.", blobStreamOf);
  const { WebAssembly, FileReader, Bun } = globalThis as unknown as Globals;
  add(WebAssembly, compileCalls, "WebAssembly.", promised);
  add(WebAssembly, streamingCalls, "WebAssembly.", streamingOf);
  add(FileReader?.prototype, readerCalls, "FileReader.", loadedBy);
  add(Bun, bunCalls, "Bun.", promised);
  add(Bun?.password, ["hash", "verify"], "Bun.password.", promised);
  add(Bun?.Transpiler?.prototype, ["scan", "transform"], "Bun.Transpiler.", promised);
  if (!hasBuiltins()) return members;
  add(builtin<object>("node:crypto"), cryptoCalls, "crypto.", calledBack);
  const zlib = builtin<{ Gzip?: { prototype: object } }>("node:zlib");
  add(zlib, zlibCalls, "zlib.", calledBack);
  // What all streams of the module have in common.
  let base: object | null | undefined = zlib.Gzip?.prototype;
  while (base !== null && base !== undefined && !Object.hasOwn(base, "_transform")) base = Object.getPrototypeOf(base);
  add(base ?? undefined, ["_transform"], "zlib.", streamed);
  return members;
}

interface Globals {
  readonly WebAssembly?: object;
  readonly FileReader?: { prototype: object };
  readonly Bun?: { readonly password?: object; readonly Transpiler?: { prototype: object } };
}

/** A method of a stream, which gives on what it has before it calls back. */
const streamed: Wrap = (world, _label, own) =>
  function (this: unknown, ...args: unknown[]): unknown {
    const callback = args.at(-1) as Callable;
    const { work } = world;
    work.open++;
    args[args.length - 1] = (...results: unknown[]): unknown => {
      work.open--;
      return Reflect.apply(callback, this, results);
    };
    return Reflect.apply(own, this, args);
  };
