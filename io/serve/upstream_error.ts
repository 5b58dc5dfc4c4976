/**
 * The error of a request that was handed on.
 *
 * @module
 */

/** Another server has given no answer that could be handed on. */
export class UpstreamError extends Error {
  /** "UpstreamError". */
  override readonly name = "UpstreamError";
  /** What was asked for. */
  readonly url: URL;

  /** Made by `proxy`. */
  constructor(url: URL, cause: unknown) {
    super(`${url.origin} has given no answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.url = url;
  }
}
