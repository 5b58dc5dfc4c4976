/**
 * The part of the `Host` port that is about WebSockets: a request that becomes one, alike on every runtime.
 *
 * @module
 */

/** A message: a text, or bytes. */
export type WebSocketMessage = string | Uint8Array;

/** Is told of what comes from the client. */
export interface WebSocketListener {
  /** A message has come. */
  onMessage(message: WebSocketMessage): void;
  /** The socket is closed, in whichever way; called once. 1006: the connection was lost. */
  onClosed(code: number, reason: string): void;
}

/** A WebSocket as a host gives it. */
export interface HostWebSocket {
  /** The subprotocol that was agreed on; empty for none. */
  readonly protocol: string;
  /** Sends a message; settles when the client has taken so much that more may be sent. On a closed socket it never settles. */
  send(message: WebSocketMessage): Promise<void> | undefined;
  /** Begins to close. A second call does nothing. */
  close(code: number, reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
  /** Takes no more messages from the connection, or takes them again; `undefined` where the host cannot. */
  readonly setPaused: ((paused: boolean) => void) | undefined;
}

/** No WebSocket can be made of a request: its client has left, or sent no valid handshake. The client's fault, never the handler's. */
export class BadHandshakeError extends Error {
  override readonly name = "BadHandshakeError";

  constructor() {
    super("The request is not a valid WebSocket handshake, or its client has left");
  }
}

/** What a request became. */
export interface Upgraded {
  /** The socket. It may be used at once. */
  readonly socket: HostWebSocket;
  /** What the handler has to return. */
  readonly response: Response;
}

/** Above this many unsent bytes a client is waited for. */
export const sendHighWater: number = 64 * 1024;
/** How long a client has to answer a close, in ms. */
export const closeTime: number = 2000;
