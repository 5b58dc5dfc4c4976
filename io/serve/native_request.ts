import { networkOf } from "../../runtime/host_network.ts";
import { loop } from "../../scheduler/queue/loop.ts";

/**
 * The host's own request of one that `serve` makes when it is needed, for functions of the host that take no other: `fetch`, and
 * `new Request`. What is no such request is given back as it is. A second call gives the same.
 *
 * @example
 * ```ts
 * import { nativeRequest } from "@millrace/millrace/io";
 *
 * const request = new Request("http://localhost/");
 * console.log(nativeRequest(request) === request);
 * // -> true
 * ```
 */
export function nativeRequest(request: Request): Request {
  return networkOf(loop().host).nativeRequest?.(request) ?? request;
}
