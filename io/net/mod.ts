/**
 * Connections of bytes.
 *
 * @module
 */

export { connect, type ConnectionOptions, type ConnectOptions } from "./connect.ts";
export type { Connection } from "./connection.ts";
export { listen, type Listener, type ListenOptions } from "./listen.ts";
export { serveTcp, type ServeTcpOptions } from "./serve_tcp.ts";
export type { ConnectTlsOptions, ListenTlsOptions, TlsOptions } from "./tls.ts";
