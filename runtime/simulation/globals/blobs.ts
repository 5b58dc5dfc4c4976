/**
 * What gives its bytes in parts or by events, though they lie in this process: streams of blobs, file readers, modules that are compiled
 * as they come.
 *
 * @module
 */

import { type Callable, inHost, worked, type Wrap } from "./waited_for.ts";

/** `Blob.prototype.stream`: each part is work of its own, which begins when somebody asks for it. */
export const blobStreamOf: Wrap = (world, label, own) =>
  function (this: unknown): ReadableStream<Uint8Array> {
    if (world.insideHost.get() === true) return Reflect.apply(own, this, []) as ReadableStream<Uint8Array>;
    const stream = inHost(world, () => Reflect.apply(own, this, [])) as ReadableStream<Uint8Array>;
    const reader = stream.getReader();
    return pulled(reader, () => worked(world, label, inHost(world, () => reader.read())));
  };

/** A stream of what a reader gives, each part of which is waited for by `read`. */
export function pulled(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  read: () => Promise<ReadableStreamReadResult<Uint8Array>>,
): ReadableStream<Uint8Array> {
  const source: UnderlyingByteSource = {
    type: "bytes",
    async pull(controller) {
      const { done, value } = await read();
      if (!done) return controller.enqueue(value as Uint8Array<ArrayBuffer>);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => reader.cancel(reason),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** A method of a `FileReader`, which tells by events that it has read all. */
export const loadedBy: Wrap = (world, _label, own) =>
  function (this: unknown, ...args: unknown[]): unknown {
    const result: unknown = inHost(world, () => Reflect.apply(own, this, args));
    const { work } = world;
    work.open++;
    (this as EventTarget).addEventListener("loadend", () => work.open--, { once: true });
    return result;
  };

/** `WebAssembly.compileStreaming` and its like: the answer has to have come whole, since no event comes while the compiler is waited for. */
export const streamingOf: Wrap = (world, label, own) =>
  async function (this: unknown, source: Response | PromiseLike<Response>, ...others: unknown[]): Promise<unknown> {
    const { status, statusText, headers, body } = await source;
    const whole = body === null ? null : await new Response(body).arrayBuffer();
    const response = new Response(whole, { status, statusText, headers });
    const compiling = inHost(world, () => Reflect.apply(own as Callable, this, [response, ...others] as never[]));
    return worked(world, label, compiling as Promise<unknown>);
  };
