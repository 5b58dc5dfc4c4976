/**
 * Limits for request bodies.
 *
 * @module
 */

/** Reading a request body fails with this when it is longer than allowed; uncaught, the client gets 413. */
export class BodyLimitError extends Error {
  /** "BodyLimitError". */
  override readonly name = "BodyLimitError";
  /** The limit, in bytes. */
  readonly limit: number;

  /** Made by `serve`. */
  constructor(limit: number) {
    super(`The request body is longer than ${limit} bytes`);
    this.limit = limit;
  }
}

/** The same request with a body that fails past the limit; hosts keep a declared length themselves. */
export function limitBody(request: Request, limit: number): Request {
  if (limit === Infinity || request.body === null || request.headers.has("content-length")) return request;
  let bytes = 0;
  const counted = request.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > limit) controller.error(new BodyLimitError(limit));
        else controller.enqueue(chunk);
      },
    }),
  );
  return new Request(request, { body: counted, duplex: "half" } as RequestInit);
}
