/**
 * Reads a socket that Node has let go of. The unread body of a request before has stopped it, and Node forgets that: the socket takes
 * itself for one that is read, and would never tell that its client has left.
 */
export function readAgain(socket: NodeSocket): void {
  socket.resume();
  socket._read(0);
}

/** A socket of `node:net` or `node:tls`, as far as it is used. */
export interface NodeSocket {
  readonly destroyed: boolean;
  readonly writable: boolean;
  /** Of TLS: the socket below it. */
  readonly _parent?: NodeSocket;
  /** Node's answer that has the socket. */
  readonly _httpMessage?: object | null;
  readableFlowing: boolean | null;
  destroySoon(): void;
  unref(): void;
  destroy(): void;
  end(text?: string): void;
  resume(): void;
  _read(size: number): void;
  unshift(bytes: Uint8Array): void;
  on(event: "close" | "error" | "end" | "drain", listener: () => void): void;
  on(event: "data", listener: (chunk: Uint8Array) => void): void;
  once(event: "close", listener: () => void): void;
  off(event: "end", listener: () => void): void;
  off(event: "data", listener: (chunk: Uint8Array) => void): void;
}
