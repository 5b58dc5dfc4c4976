/**
 * Streams of bytes between machines: Node's `net`, which Deno and Bun have too.
 *
 * @module
 */

/** Where to connect to, or to listen: an address and a port, or the path of a Unix socket. */
export type NetAddress = { readonly host: string; readonly port: number } | { readonly path: string };

type SocketEvent = "connect" | "data" | "drain" | "end" | "error" | "close";

/** A socket of `node:net`, as far as it is used. */
export interface NodeSocket {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly destroyed: boolean;
  readonly readableEnded: boolean;
  readonly writableEnded: boolean;
  on(event: SocketEvent, listener: (value: never) => void): void;
  off(event: SocketEvent, listener: (value: never) => void): void;
  pause(): void;
  resume(): void;
  write(bytes: Uint8Array): boolean;
  end(): void;
  destroy(): void;
  setNoDelay(on: boolean): void;
}

/** A server of `node:net`, as far as it is used. */
export interface NodeNetServer {
  on(event: "connection", listener: (socket: NodeSocket) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  once(event: "listening", listener: () => void): void;
  listen(address: NetAddress): void;
  address(): { port?: number } | string | null;
  close(done: () => void): void;
}

interface NodeNet {
  connect(options: object): NodeSocket;
  createServer(options: object): NodeNetServer;
}

/** Begins to connect; of several addresses of a host Node tries one after the other, the next before the last has failed. */
export async function openSocket(address: NetAddress): Promise<NodeSocket> {
  const { connect } = await import("node:net") as unknown as NodeNet;
  return connect({ ...address, allowHalfOpen: true, keepAlive: true });
}

/** A server that does not listen yet. Its connections are paused until they are read. */
export async function createNetServer(): Promise<NodeNetServer> {
  const { createServer } = await import("node:net") as unknown as NodeNet;
  return createServer({ allowHalfOpen: true, pauseOnConnect: true, keepAlive: true });
}
