/**
 * Streams of bytes between machines, as a host gives them: on the servers Node's `net` and `tls`, which Deno and Bun have too.
 *
 * @module
 */

/** Where to connect to, or to listen: an address and a port, or the path of a Unix socket. */
export type NetAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** One address of a name. */
export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** How a connection of TLS is begun; for the rest see `tls.connect` of Node. */
export interface SecureSettings {
  readonly servername?: string;
  readonly ca?: string | readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly ALPNProtocols?: readonly string[];
  readonly rejectUnauthorized?: boolean;
}

/** How a listener speaks TLS; for the rest see `tls.createServer` of Node. */
export interface SecureServerSettings {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string | readonly string[];
  readonly requestCert?: boolean;
  readonly rejectUnauthorized?: boolean;
  readonly ALPNProtocols?: readonly string[];
}

type SocketEvent = "connect" | "secureConnect" | "data" | "drain" | "end" | "finish" | "error" | "close";

/**
 * A socket, as far as it is used. Both its halves end by themselves; it gives no data before `resume`; `write` answers false when it is
 * to be waited for "drain"; "close" comes last, also after `destroy`.
 */
export interface HostSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
  /** Agreed upon in the handshake of TLS; `false` or nothing without. */
  readonly alpnProtocol?: string | false | null | undefined;
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  on(event: SocketEvent, listener: (value: never) => void): void;
  off(event: SocketEvent, listener: (value: never) => void): void;
  pause(): void;
  resume(): void;
  write(bytes: Uint8Array): boolean;
  end(): void;
  destroy(): void;
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean, delay?: number): void;
}

/** A listener, as far as it is used. */
export interface HostNetServer {
  on(event: "connection" | "secureConnection", listener: (socket: HostSocket) => void): void;
  on(event: "error" | "tlsClientError", listener: (error: Error) => void): void;
  once(event: "listening", listener: () => void): void;
  listen(address: NetAddress): void;
  address(): { port?: number } | string | null;
  close(done: () => void): void;
}

/** The connections of a host. */
export interface HostNet {
  /** The addresses of a name, in the order of the system's preference; rejects with the system's error. */
  lookup(hostname: string): Promise<readonly HostAddress[]>;
  /** Begins to connect to one address: "connect" or "error" follows. */
  connect(address: NetAddress): HostSocket;
  /** Begins to speak TLS over a socket that is connected: "secureConnect" or "error" follows. */
  secure(socket: HostSocket, settings: SecureSettings): HostSocket;
  /** A listener that does not listen yet; with `tls` its connections come as "secureConnection". */
  createServer(tls: SecureServerSettings | undefined): HostNetServer;
}
