/**
 * The part of the `Host` port that is about HTTP: a listener as `serve` sees it, alike on every runtime.
 *
 * @module
 */

/** What a host's HTTP server needs to know to open. */
export interface HttpListenOptions {
  /** The address to listen on. */
  hostname: string;
  /** The port; 0 lets the system choose. */
  port: number;
  /** How long an idle keep-alive connection stays open, in ms. */
  keepAlive: number;
  /** Answers one request. It must not reject. */
  handle(exchange: HttpExchange): Promise<Response> | Response;
}

/** One request on its way. */
export interface HttpExchange {
  /** The request. Its own `signal` is not to be touched: `onDisconnect` is the cheap and right way. */
  readonly request: Request;
  /** The client's address, if known. */
  readonly remoteAddress: string | undefined;
  /** Called at most once, if the client leaves before the response, its body included, has been sent. */
  onDisconnect: (() => void) | undefined;
  /** Called once, when the response with its body has been sent or the client has left. */
  onFinish: (() => void) | undefined;
}

/** An open HTTP server. */
export interface HttpListener {
  /** The port in use. */
  readonly port: number;
  /** Stops accepting; settles when every connection has ended. Open connections are told to close after their answer. */
  stop(): Promise<void>;
  /** Cuts every open connection. */
  abort(): void;
}
