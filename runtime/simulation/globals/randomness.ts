/**
 * The functions that draw random numbers, from the seed of a simulation.
 *
 * @module
 */

import type { Random } from "../../basics/random.ts";
import { builtin, hasBuiltins } from "../../hosts/common/node_process.ts";
import { anyTime } from "../loop/loop_event.ts";
import type { World } from "../loop/world.ts";
import type { Member } from "./clock.ts";

/** A world with a source of random numbers, another one in each run. */
interface RandomWorld extends World {
  readonly random: Random;
}

type Callback = (error: null, value: unknown) => void;
type Functions = Record<string, ((...args: never[]) => unknown) | undefined>;

/** The functions of the web, and those of `node:crypto`. Whether what they are given is right, the host's own look at first. */
export function membersOfRandomness(world: RandomWorld): Member[] {
  const members: Member[] = [
    { target: Math, name: "random", value: () => world.random.number() },
    ...membersOfCrypto(world, crypto),
  ];
  const { Bun } = globalThis as unknown as { Bun?: Functions };
  if (Bun?.["randomUUIDv7"] !== undefined) {
    members.push({
      target: Bun,
      name: "randomUUIDv7",
      value: () => uuid7(world),
    });
  }
  if (!hasBuiltins()) return members;
  const nodes = builtin<Functions & { webcrypto?: Crypto }>("node:crypto");
  if (nodes.webcrypto !== undefined && nodes.webcrypto !== crypto) {
    members.push(...membersOfCrypto(world, nodes.webcrypto));
  }
  const functions = functionsOfNode(world, nodes);
  for (const [name, value] of Object.entries(functions)) {
    if (typeof nodes[name] === "function") members.push({ target: nodes, name, value });
  }
  return members;
}

function membersOfCrypto(world: RandomWorld, target: Crypto): Member[] {
  const own = target.getRandomValues;
  return [
    {
      target,
      name: "getRandomValues",
      value: <T extends ArrayBufferView<ArrayBuffer>>(array: T): T => {
        Reflect.apply(own, target, [array]);
        fill(world, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
        return array;
      },
    },
    { target, name: "randomUUID", value: () => uuid4(world) },
  ];
}

function functionsOfNode(world: RandomWorld, nodes: Functions): Record<string, unknown> {
  const { randomBytes, randomFillSync, randomInt, getRandomValues } = nodes as unknown as {
    randomBytes(size: number): Uint8Array;
    randomFillSync(buffer: ArrayBufferView | ArrayBuffer, offset?: number, size?: number): unknown;
    randomInt(min: number, max: number): number;
    getRandomValues?(array: ArrayBufferView): unknown;
  };
  const bytesOf = (size: number, callback?: Callback): unknown => {
    const bytes = fill(world, randomBytes(size));
    return callback === undefined ? bytes : tell(world, "randomBytes", callback, bytes);
  };
  const fillSync = (buffer: ArrayBufferView | ArrayBuffer, offset: number = 0, size?: number): unknown => {
    if (size === undefined) randomFillSync(buffer, offset);
    else randomFillSync(buffer, offset, size);
    // Both are counted in elements.
    const unit = (buffer as Partial<Uint8Array>).BYTES_PER_ELEMENT ?? 1;
    const start = offset * unit;
    const length = size === undefined ? buffer.byteLength - start : size * unit;
    if (ArrayBuffer.isView(buffer)) fill(world, new Uint8Array(buffer.buffer, buffer.byteOffset + start, length));
    else fill(world, new Uint8Array(buffer, start, length));
    return buffer;
  };
  const integer = (...args: [number, (number | Callback)?, Callback?]): unknown => {
    const callback = args.find((each) => typeof each === "function") as Callback | undefined;
    const [first, second] = args;
    const [min, max] = typeof second === "number" ? [first, second] : [0, first];
    randomInt(min, max);
    const value = min + Math.floor(world.random.number() * (max - min));
    return callback === undefined ? value : tell(world, "randomInt", callback, value);
  };
  return {
    randomUUID: () => uuid4(world),
    randomUUIDv7: () => uuid7(world),
    randomBytes: bytesOf,
    rng: bytesOf,
    prng: bytesOf,
    pseudoRandomBytes: bytesOf,
    randomFillSync: fillSync,
    randomFill(buffer: ArrayBufferView, ...args: [...number[], Callback]) {
      const callback = args.pop() as Callback;
      fillSync(buffer, ...(args as number[]));
      tell(world, "randomFill", callback, buffer);
    },
    randomInt: integer,
    getRandomValues(array: ArrayBufferView) {
      getRandomValues!(array);
      fill(world, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      return array;
    },
  };
}

/** Calls back when the schedule says so. */
function tell(world: World, label: string, callback: Callback, value: unknown): void {
  const captured = world.context.capture();
  const come = (): void => world.context.resume(captured, () => callback(null, value), undefined);
  world.loop.deliver(come, label, { at: anyTime });
}

function fill<T extends Uint8Array>({ random }: RandomWorld, bytes: T): T {
  for (let index = 0; index < bytes.length; index++) bytes[index] = random.integer();
  return bytes;
}

function uuid4(world: RandomWorld): string {
  return uuidOf(fill(world, new Uint8Array(16)), 4);
}

/** One that begins with the simulated time. */
function uuid7(world: RandomWorld): string {
  const bytes = fill(world, new Uint8Array(16));
  let rest = Math.max(0, Math.floor(world.wallNow()));
  for (let index = 5; index >= 0; index--) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return uuidOf(bytes, 7);
}

function uuidOf(bytes: Uint8Array, version: number): string {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
