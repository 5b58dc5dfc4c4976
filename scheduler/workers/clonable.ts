/**
 * Finding out at the call what could not be sent to another thread.
 *
 * @module
 */

import { show } from "../check.ts";
import { Transfer } from "./current_job.ts";

/** Refuses arguments that cannot be cloned, naming the value by its path. An `AbortSignal` at top level may pass. */
export function checkClonable(args: readonly unknown[]): void {
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (arg === null || (typeof arg !== "object" && typeof arg !== "function" && typeof arg !== "symbol")) continue;
    if (arg instanceof AbortSignal) continue;
    const path = findUnclonable(arg, `args[${index}]`, new Set());
    if (path !== undefined) throw new DOMException(`${path} cannot be sent to a worker`, "DataCloneError");
  }
}

function findUnclonable(value: unknown, path: string, seen: Set<object>): string | undefined {
  if (typeof value === "function" || typeof value === "symbol") return `${path} (${show(value)})`;
  if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return isDetached(value.buffer) ? `${path} (a detached buffer)` : undefined;
  if (value instanceof ArrayBuffer) return isDetached(value) ? `${path} (a detached buffer)` : undefined;
  if (value instanceof Map) {
    for (const [key, item] of value) {
      const found = findUnclonable(key, `${path} (a key)`, seen) ??
        findUnclonable(item, `${path}.get(${show(key)})`, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (value instanceof Set) {
    for (const item of value) {
      const found = findUnclonable(item, `${path} (a member)`, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) {
    return `${path} (${Object.prototype.toString.call(value)})`;
  }
  if (value instanceof AbortSignal) return `${path} (an AbortSignal below the top level)`;
  if (value instanceof Transfer) {
    return `${path} (transfer() is for results: name the buffers in the option "transfer")`;
  }
  if (value instanceof Error) return undefined;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    if (item === null || (typeof item !== "object" && typeof item !== "function" && typeof item !== "symbol")) continue;
    const found = findUnclonable(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Refuses a transfer list that a host would refuse, or worse: Deno detaches what is listed even when the post fails,
 * and takes the same buffer twice.
 */
export function checkTransfer(list: readonly Transferable[]): void {
  const seen = new Set<unknown>();
  for (const item of list) {
    if (typeof item !== "object" || item === null || ArrayBuffer.isView(item)) {
      throw new TypeError(`A transfer list holds ArrayBuffers and ports: received ${show(item)}`);
    }
    if (typeof SharedArrayBuffer === "function" && item instanceof SharedArrayBuffer) {
      throw new TypeError("A SharedArrayBuffer is shared, not moved: leave it out of the transfer list");
    }
    if (seen.has(item)) throw new DOMException("A buffer stands twice in the transfer list", "DataCloneError");
    seen.add(item);
    if (item instanceof ArrayBuffer && isDetached(item)) {
      throw new DOMException("A buffer of the transfer list is detached", "DataCloneError");
    }
  }
}

function isDetached(buffer: ArrayBufferLike): boolean {
  if (!(buffer instanceof ArrayBuffer)) return false;
  const { detached } = buffer as ArrayBuffer & { detached?: boolean };
  if (detached !== undefined) return detached;
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
