/** An answer of `node:http`, as far as it is used. */
export interface Outgoing {
  readonly writableFinished: boolean;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  readonly headersSent: boolean;
  shouldKeepAlive: boolean;
  writeHead(status: number, statusText: string | undefined, headers: string[]): void;
  write(chunk: Uint8Array | string, encoding?: "latin1"): boolean;
  writeContinue(): void;
  end(chunk?: string | Uint8Array, encoding?: "latin1"): void;
  destroy(): void;
  assignSocket(socket: object): void;
  detachSocket(socket: object): void;
  emit(event: "drain" | "close"): void;
  on(event: "close" | "finish" | "error", listener: () => void): void;
  once(event: "drain" | "close", listener: () => void): void;
  off(event: "drain" | "close", listener: () => void): void;
}
