/**
 * The part of the `Host` port that is about other machines. It is found apart from the rest, so that a program that neither listens nor
 * connects does not carry the servers of all hosts in its bundle.
 *
 * @module
 */

import type { HttpListener, HttpListenOptions } from "./http.ts";
import type { HostNet, HostSocket } from "./net.ts";

/** The network as a host gives it. */
export interface HostNetwork {
  /** Opens an HTTP server. */
  listenHttp(options: HttpListenOptions): Promise<HttpListener>;
  /** Connections of bytes; throws a `TypeError` where there are none. */
  net(): HostNet;
  /** An answer that is there whole, where the host has a way that is cheaper than its own `Response`. */
  answer?(parts: AnswerParts): Response;
  /** The host's own request of one that is made when it is needed, where there are such. */
  nativeRequest?(request: Request): Request;
  /**
   * In a simulation that has machines: a machine of its own for something of the world's that all of them share. It is made by whoever asks
   * first, and `make` gives what takes connections there. The function in the answer begins to connect to it. `undefined` where there
   * are no machines.
   */
  readonly station?: (name: string, make: () => (socket: HostSocket) => void) => (() => HostSocket) | undefined;
}

/** An answer that is there whole; its status is one that has a body. */
export interface AnswerParts {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly status: number;
  readonly statusText: string;
  /** Its `content-type`. */
  readonly type: string;
  /** Its fields, the type among them; `undefined` where that is all. */
  readonly headers: Headers | undefined;
}
