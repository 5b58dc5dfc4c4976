/**
 * The part of the `Host` port that is about other machines. It is found apart from the rest, so that a program that neither listens nor
 * connects does not carry the servers of all hosts in its bundle.
 *
 * @module
 */

import type { HttpListener, HttpListenOptions } from "./http.ts";
import type { HostNet } from "./net.ts";

/** The network as a host gives it. */
export interface HostNetwork {
  /** Opens an HTTP server. */
  listenHttp(options: HttpListenOptions): Promise<HttpListener>;
  /** Connections of bytes; throws a `TypeError` where there are none. */
  net(): HostNet;
}
