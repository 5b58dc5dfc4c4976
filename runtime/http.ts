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
  /** How long an idle keep-alive connection stays open, in ms, where the host can be told. */
  keepAlive: number;
  /** Answers one request. It must not reject. */
  handle(exchange: HttpExchange): Promise<Response> | Response;
}

/** One request on its way. The host calls `onDisconnect` at most once, then or instead `onFinish`, once. */
export interface HttpExchange {
  /** The request. Its own `signal` is not to be touched: `onDisconnect` is the cheap and right way. */
  readonly request: Request;
  /** The client's address, if known. */
  readonly remoteAddress: string | undefined;
  /** The client has left before the response, its body included, has been sent. */
  onDisconnect: (() => void) | undefined;
  /** The response with its body has been sent, or the client has left. */
  onFinish: (() => void) | undefined;
}

/** An open HTTP server. */
export interface HttpListener {
  /** The port in use. */
  readonly port: number;
  /** Stops accepting; settles when every connection has ended. Open connections are told to close after their answer. */
  stop(): Promise<void>;
  /** Cuts what is still open after `stop`. */
  abort(): void;
}

/** Watches a body on its way out: `onEnd` is called once, with whether all of it was taken. */
export function watchBody(response: Response, onEnd: (complete: boolean) => void): Response {
  const { body } = response;
  if (body === null) {
    onEnd(true);
    return response;
  }
  const reader = body.getReader();
  const watched = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
        onEnd(true);
      } catch (error) {
        onEnd(false);
        throw error;
      }
    },
    async cancel(reason) {
      onEnd(false);
      await reader.cancel(reason);
    },
  });
  return new Response(watched, { status: response.status, statusText: response.statusText, headers: response.headers });
}
