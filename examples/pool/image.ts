/**
 * A picture made grey in bands, which are moved to workers and back, not copied. As users of comlink write it (10 lines, the worker's
 * `Comlink.expose` not counted):
 *
 * ```js
 * const threads = Array.from({ length: size }, () => new Worker(new URL("./grey_worker.js", import.meta.url), { type: "module" }));
 * const apis = threads.map((thread) => Comlink.wrap(thread));
 * const bands = [];
 * for (let at = 0; at < pixels.length; at += band) bands.push(pixels.slice(at, at + band));
 * try {
 *   const done = await Promise.all(bands.map((part, n) => apis[n % size].grey(Comlink.transfer(part, [part.buffer]))));
 *   done.forEach((part, n) => pixels.set(part, n * band));
 * } finally {
 *   threads.forEach((thread) => thread.terminate());
 * }
 * ```
 *
 * There a thread that dies leaves `Promise.all` waiting for ever, and whoever takes a band is settled beforehand; here the next free one.
 */

import { WorkerPool } from "../../mod.ts";

/** Makes RGBA pixels grey, in bands of so many bytes. */
export async function greyAll(pixels: Uint8Array<ArrayBuffer>, band: number): Promise<void> {
  await using pool = new WorkerPool<typeof import("./tasks.ts")>(new URL("./tasks.ts", import.meta.url));
  await Promise.all(Array.from({ length: Math.ceil(pixels.length / band) }, async (_, n) => {
    const part = pixels.slice(n * band, (n + 1) * band);
    pixels.set(await pool.run("grey", [part], { transfer: [part.buffer] }), n * band);
  }));
}
