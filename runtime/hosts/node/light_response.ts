/**
 * Answers that are there whole, without the stream that Node makes of every body: `new Response("hello")` takes 15 us of Node 20 and 8 of
 * Node 26, and to read it again as much; all else of `serve` takes 20. Whoever looks at more than the status gets a native one.
 *
 * ```
 *   light ──a member of `Response` is used──> native, which is sent like any other
 *     └──takeWhole, to be sent──> taken: its body is used up
 * ```
 *
 * @module
 */

import type { AnswerParts } from "../../port/network.ts";
import { standFor } from "./native_members.ts";

/** A `Response` whose body is there whole. */
class LightResponse {
  readonly #parts: AnswerParts;
  #native: Response | undefined = undefined;
  #isTaken = false;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  get status(): number {
    return this.#parts.status;
  }

  get ok(): boolean {
    return this.#parts.status < 300;
  }

  get statusText(): string {
    return this.#parts.statusText;
  }

  get type(): ResponseType {
    return "default";
  }

  get url(): string {
    return "";
  }

  get redirected(): boolean {
    return false;
  }

  get bodyUsed(): boolean {
    return this.#native === undefined ? this.#isTaken : this.#native.bodyUsed;
  }

  static nativeOf(self: unknown): Response {
    const light = self as LightResponse;
    if (light.#native !== undefined) return light.#native;
    const { body, status, statusText, type, headers = { "content-type": type } } = light.#parts;
    const native = light.#native = new Response(body, { status, statusText, headers });
    if (light.#isTaken) native.body?.cancel().catch(() => {});
    return native;
  }

  static takeWhole(response: object): AnswerParts | undefined {
    if (!(#parts in response) || response.#native !== undefined || response.#isTaken) return undefined;
    response.#isTaken = true;
    return response.#parts;
  }
}

let isPrepared = false;

/** `HostNetwork.answer`. */
export function lightResponse(parts: AnswerParts): Response {
  if (!isPrepared) prepare();
  return new LightResponse(parts) as unknown as Response;
}

/** Not when this is loaded: Node takes 20 ms to load its own class. */
function prepare(): void {
  isPrepared = true;
  standFor(LightResponse, Response, new Response(), (self) => LightResponse.nativeOf(self));
}

/** What is to be sent of an answer that nobody has made a native one of; it is used up then. `undefined` for any other. */
export function takeWhole(response: Response): AnswerParts | undefined {
  return LightResponse.takeWhole(response);
}
