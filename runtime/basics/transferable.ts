/**
 * What of a value can be moved to another thread.
 *
 * @module
 */

/**
 * Is a view one of the small `Buffer`s that lie in memory which Node's and Deno's share among them? To move that would take
 * others' bytes along; Node 20 copies instead without a word, later ones and Deno throw each in its own way.
 */
export function isPooledBuffer(view: ArrayBufferView): boolean {
  const { Buffer } = globalThis as { Buffer?: { poolSize: number; isBuffer(value: unknown): boolean } };
  if (Buffer === undefined || view.byteLength === view.buffer.byteLength || !Buffer.isBuffer(view)) return false;
  // Node 26 adds 64 bytes to align it.
  const more = view.buffer.byteLength - Buffer.poolSize;
  return more >= 0 && more <= 64;
}

interface Util {
  types: { isProxy(value: unknown): boolean };
}

let proxies: Util["types"] | undefined;

/** Is a value a `Proxy`, which no host sends to another thread? Browsers do not tell; they find out when they send. */
export function isProxy(value: object): boolean {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): Util } };
  proxies ??= process?.getBuiltinModule?.("node:util").types ?? { isProxy: () => false };
  return proxies.isProxy(value);
}
