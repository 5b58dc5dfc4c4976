/**
 * The functions of the host that work on another thread, or later: cryptography, compression, compiling. A simulation waits for them.
 *
 * @module
 */

import { isThenable } from "../../basics/promises.ts";
import { builtin } from "../../hosts/common/node_process.ts";
import type { World } from "../loop/world.ts";
import type { Member } from "./clock.ts";

type Callable = (...args: never[]) => unknown;

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
const blobCalls = ["arrayBuffer", "bytes", "text"];
const compileCalls = ["compile", "instantiate"];

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
  add((globalThis as { WebAssembly?: object }).WebAssembly, compileCalls, "WebAssembly.", promised);
  const { process } = globalThis as unknown as { process?: { getBuiltinModule?: unknown } };
  if (process?.getBuiltinModule === undefined) return members;
  add(builtin<object>("node:crypto"), cryptoCalls, "crypto.", calledBack);
  const zlib = builtin<{ Gzip?: { prototype: object } }>("node:zlib");
  add(zlib, zlibCalls, "zlib.", calledBack);
  // What all streams of the module have in common.
  let base: object | null | undefined = zlib.Gzip?.prototype;
  while (base !== null && base !== undefined && !Object.hasOwn(base, "_transform")) base = Object.getPrototypeOf(base);
  add(base ?? undefined, ["_transform"], "zlib.", streamed);
  return members;
}

type Wrap = (world: World, label: string, own: Callable) => Callable;

/** A function that returns a promise. */
export const promised: Wrap = (world, label, own) =>
  function (this: unknown, ...args: unknown[]): unknown {
    const { work } = world;
    const isInside = work.isInside;
    const result: unknown = work.call(() => Reflect.apply(own, this, args));
    if (isInside || !isThenable(result)) return result;
    const done = work.begin(label);
    return new Promise((resolve, reject) => {
      result.then((value) => done(() => resolve(value)), (error) => done(() => reject(error)));
    });
  };

/** A function that calls its last argument back. */
const calledBack: Wrap = (world, label, own) =>
  function (this: unknown, ...args: unknown[]): unknown {
    const callback = args.at(-1);
    const { context, work } = world;
    if (typeof callback !== "function" || work.isInside) return Reflect.apply(own, this, args);
    const captured = context.capture();
    let done = (come: () => void): void => come();
    args[args.length - 1] = (...results: unknown[]): void => {
      done(() => context.resume(captured, () => void Reflect.apply(callback, undefined, results), undefined));
    };
    const result: unknown = work.call(() => Reflect.apply(own, this, args));
    // What has been refused has thrown by now.
    done = work.begin(label);
    return result;
  };

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
