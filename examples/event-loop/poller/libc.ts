/**
 * Functions of Linux's C library, called through what each runtime has for it: `Deno.dlopen`, `bun:ffi`, `node:ffi` (Node 26) and
 * koffi (older Node). A wrong signature ends the process: that is the price, and why none of this is in the library.
 *
 * @module
 */

import process from "node:process";

/** `int`; `u64`, a size or an address, as a number; or `buffer`: a typed array, or `null`. */
type Type = "int" | "u64" | "buffer";
type Value = number | ArrayBufferView | null;
type Call = (...values: never[]) => unknown;
/** How a runtime finds a function. */
type Find = (name: string, result: Type, parameters: readonly Type[]) => Call;

/** Is there such a library here? */
export const isLinux: boolean = process.platform === "linux";

/** What can be done without it: a sentence instead of a crash. */
export const elsewhere = "This program calls Linux's epoll: there is none on this system.";

const library = "libc.so.6";
const found = new Map<string, (...values: Value[]) => unknown>();
let find: Find | undefined;

/** Calls a function of the library, which is looked up once: `call("int close(int)", fd)`. */
export function call(signature: string, ...values: Value[]): number {
  let call = found.get(signature);
  if (call === undefined) {
    const [, result, name, parameters] = /^(\w+) (\w+)\((.*)\)$/.exec(signature)!;
    find ??= findByRuntime();
    call = find(name!, result as Type, parameters!.split(", ") as Type[]) as (...values: Value[]) => unknown;
    found.set(signature, call);
  }
  return Number(call(...values));
}

export function epollCreate(flags: number): number {
  return call("int epoll_create1(int)", flags);
}

export function epollControl(epoll: number, operation: number, fd: number, event: Int32Array): number {
  return call("int epoll_ctl(int, int, int, buffer)", epoll, operation, fd, event);
}

export function epollWait(epoll: number, events: Int32Array, most: number, ms: number): number {
  return call("int epoll_wait(int, buffer, int, int)", epoll, events, most, ms);
}

export function eventFd(count: number, flags: number): number {
  return call("int eventfd(int, int)", count, flags);
}

export function socket(family: number, type: number, protocol: number): number {
  return call("int socket(int, int, int)", family, type, protocol);
}

export function bind(fd: number, address: DataView, size: number): number {
  return call("int bind(int, buffer, int)", fd, address, size);
}

export function listen(fd: number, backlog: number): number {
  return call("int listen(int, int)", fd, backlog);
}

export function socketName(fd: number, address: DataView, size: Int32Array): number {
  return call("int getsockname(int, buffer, buffer)", fd, address, size);
}

export function accept(fd: number, flags: number): number {
  return call("int accept4(int, buffer, buffer, int)", fd, null, null, flags);
}

export function read(fd: number, bytes: ArrayBufferView, size: number): number {
  return call("int read(int, buffer, u64)", fd, bytes, size);
}

export function write(fd: number, bytes: ArrayBufferView, size: number): number {
  return call("int write(int, buffer, u64)", fd, bytes, size);
}

export function close(fd: number): number {
  return call("int close(int)", fd);
}

/** Numbers that the headers of Linux name. */
export const O_NONBLOCK = 0x800;

/** As Deno and Bun have it. */
interface Symbols {
  dlopen(path: string, symbols: object): { symbols: Record<string, Call> };
}

interface Functions {
  dlopen(path: string, symbols: object): { functions: Record<string, (...values: unknown[]) => unknown> };
}

interface Koffi {
  load(path: string): { func(name: string, result: string, parameters: string[]): Call };
}

/** Each runtime has its own names for the types. */
function findByRuntime(): Find {
  const { Deno, Bun } = globalThis as { Deno?: Symbols; Bun?: unknown };
  const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
  if (Deno !== undefined) {
    const types = { int: "i32", u64: "u64", buffer: "buffer" };
    return (name, result, parameters) =>
      Deno.dlopen(library, { [name]: { result: types[result], parameters: parameters.map((type) => types[type]) } })
        .symbols[name]!;
  }
  if (Bun !== undefined) {
    const { dlopen } = require("bun:ffi") as Symbols;
    const types = { int: "int", u64: "u64", buffer: "ptr" };
    return (name, result, parameters) =>
      dlopen(library, { [name]: { returns: types[result], args: parameters.map((type) => types[type]) } })
        .symbols[name]!;
  }
  const ffi = process.getBuiltinModule("node:ffi" as "node:os") as unknown as Functions | undefined;
  if (ffi !== undefined) {
    const types = { int: "int32", u64: "uint64", buffer: "pointer" };
    return (name, result, parameters) => {
      const symbols = { [name]: { return: types[result], arguments: parameters.map((type) => types[type]) } };
      const call = ffi.dlopen(library, symbols).functions[name]!;
      if (!parameters.includes("u64")) return call as Call;
      // It takes no number for 64 bits.
      return (...values: never[]) =>
        call(...values.map((value, at) => parameters[at] === "u64" ? BigInt(value as number) : value));
    };
  }
  const loaded = (require("koffi") as Koffi).load(library);
  const types = { int: "int", u64: "uint64_t", buffer: "void *" };
  return (name, result, parameters) => loaded.func(name, types[result], parameters.map((type) => types[type]));
}
