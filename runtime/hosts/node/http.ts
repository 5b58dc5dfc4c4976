import type { HttpListener, HttpListenOptions } from "../../port/http.ts";
import { AllowedHosts } from "../../basics/authority.ts";
import { hasToken } from "../../basics/field_values.ts";
import { LastRequests } from "../common/last_requests.ts";
import { builtin } from "../common/node_process.ts";
import { badRequest, maxHeadBytes, RequestGate } from "../common/request_head.ts";
import { begin } from "./http_answer.ts";
import type { Incoming } from "./http_body.ts";
import { type ConnectionOwner, NodeConnection } from "./http_connection.ts";
import { asksForWebSocket, hasBody, headOf, type ParserError, refusalOf } from "./http_head.ts";
import type { Outgoing } from "./http_outgoing.ts";
import { outgoingFor, RawConnection, withoutUpgrade } from "./http_upgrade.ts";
import { prepareLazyRequests } from "./lazy_request.ts";
import type { NodeSocket } from "./node_socket.ts";

type Listener = (incoming: Incoming, outgoing: Outgoing) => void;
type UpgradeListener = (incoming: Incoming, socket: NodeSocket, head: Uint8Array) => void;

interface NodeServer {
  listen(options: { host: string; port: number } | { path: string }): void;
  on(event: "checkContinue" | "checkExpectation", listener: Listener): void;
  on(event: "upgrade" | "connect", listener: UpgradeListener): void;
  on(event: "connection" | "secureConnection", listener: (socket: NodeSocket) => void): void;
  on(event: "clientError", listener: (error: ParserError, socket: NodeSocket) => void): void;
  on(event: "error", listener: () => void): void;
  emit(event: string, socket: NodeSocket): void;
  once(event: "listening" | "error", listener: (error: Error) => void): void;
  off(event: "listening" | "error", listener: (error: Error) => void): void;
  address(): { port?: number } | string | null;
  close(done?: () => void): void;
  unref(): void;
}

interface Http {
  createServer(options: object, handler: Listener): NodeServer;
}

interface Net {
  Server: { prototype: { close: NodeServer["close"] } };
}

/** How long a client of TLS may take to shake hands, in ms. */
const handshakeTimeout = 10_000;

/** `HostNetwork.listenHttp` over `node:http`. */
export async function listenHttp(options: HttpListenOptions): Promise<HttpListener> {
  // Node loads these classes when they are first used: 20 ms, which would be the first client's, and the loop's.
  void new Response(new ReadableStream()).body;
  const areWhole = prepareLazyRequests();
  const { tls, unix, hostname, port } = options;
  const { createServer } = builtin<Http>(tls === undefined ? "node:http" : "node:https");
  const server = createServer({ ...tls, ...settingsOf(options) }, (incoming, outgoing) => {
    connections.of(incoming.socket).take(incoming, outgoing, false, undefined);
  });
  const connections = new Connections({ ...options, lazyRequests: options.lazyRequests ?? areWhole }, server);
  // "100 Continue" is sent when the body is first asked for, so that a request may be refused without it.
  server.on("checkContinue", (incoming, outgoing) => {
    connections.of(incoming.socket).take(incoming, outgoing, waitsForContinue(incoming), undefined);
  });
  // Other expectations are none that a server has to meet.
  server.on("checkExpectation", (incoming, outgoing) => {
    connections.of(incoming.socket).take(incoming, outgoing, false, undefined);
  });
  if (!options.hold) {
    server.unref();
    server.on("connection", (socket) => socket.unref());
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    server.listen(unix === undefined ? { host: hostname, port } : { path: unix });
  });
  // Running out of descriptors is an error event too: the clients wait until there are some again.
  server.on("error", () => {});
  const address = server.address();
  const actualPort = typeof address === "object" ? address?.port ?? 0 : 0;
  connections.nameOwn(actualPort);
  return { port: actualPort, stop: (patience) => connections.stop(patience), abort: () => connections.abort() };
}

/** Node takes any value for it that has these words in it, and closes the connection after an answer that came without "100 Continue". */
function waitsForContinue({ headers }: Incoming): boolean {
  return hasToken(headers["expect"] ?? "", "100-continue");
}

/** The options of Node's server. 0 means no limit to Node. */
function settingsOf({ keepAlive, headerTimeout }: HttpListenOptions): object {
  const headersTimeout = headerTimeout === Infinity ? 0 : Math.max(1, Math.ceil(headerTimeout));
  return {
    keepAliveTimeout: keepAlive === Infinity ? 0 : Math.max(1, keepAlive),
    headersTimeout,
    // Every 30 s would be too seldom for a shorter timeout.
    connectionsCheckingInterval: Math.min(30_000, Math.max(50, headersTimeout / 4)),
    // It counts the whole of a body, however fast that comes; serve counts the silences.
    requestTimeout: 0,
    handshakeTimeout,
    // Whatever the process was started with: a parser that forgives is what requests are smuggled through.
    insecureHTTPParser: false,
    maxHeaderSize: maxHeadBytes,
    // The gate looks at it.
    requireHostHeader: false,
    // Node 26 then makes no events of bodies that are not there.
    optimizeEmptyRequests: true,
  };
}

/** What a socket's connection is kept under, as requests have only the socket. */
const ofSocket: unique symbol = Symbol("connection");

/** The connections of a server. */
class Connections implements ConnectionOwner {
  readonly gate: RequestGate;
  readonly options: HttpListenOptions & { readonly lazyRequests: boolean };
  isStopping = false;
  readonly #server: NodeServer;
  readonly #open = new Set<NodeConnection>();
  /** May Node read the body of a request that asks for an upgrade? Node 26 does, and Node 20 leaves it on the connection. */
  readonly #readsBodies: boolean;
  readonly #lastRequests = new LastRequests();
  /** Sockets whose clients have not shaken hands. */
  readonly #shaking = new Set<NodeSocket>();

  constructor(options: Connections["options"], server: NodeServer) {
    this.options = options;
    this.#server = server;
    this.#readsBodies = "shouldUpgradeCallback" in server;
    const { tls, allowedHosts } = options;
    const allowed = allowedHosts === undefined ? undefined : new AllowedHosts(allowedHosts);
    this.gate = new RequestGate(tls === undefined ? "http" : "https", allowed);
    // Node has no bound of 100, and forgets in silence what is above its own; the gate counts.
    Object.assign(server, { maxHeadersCount: 0 });
    if (tls === undefined) {
      server.on("connection", (socket) => this.#connected(socket));
    } else {
      server.on("connection", (socket) => this.#shakes(socket));
      server.on("secureConnection", (socket) => this.#connected(socket));
    }
    server.on("upgrade", (incoming, socket, head) => this.#upgrade(incoming, socket, head));
    server.on("connect", (incoming) => {
      const connection = this.of(incoming.socket);
      connection.detached();
      connection.discard();
      // The gate refuses it.
      connection.take(incoming, undefined, false, undefined);
    });
    server.on("clientError", (error, socket) => this.#failed(error, socket));
  }

  /** The connection of a socket. */
  of(socket: object): NodeConnection {
    return (socket as { [ofSocket]: NodeConnection })[ofSocket];
  }

  readonly start: ConnectionOwner["start"] = (connection, arrival) => {
    if (this.isStopping) this.#lastRequests.came();
    return begin(this, connection, arrival);
  };

  /** Names the server to requests that name none. */
  nameOwn(port: number): void {
    const { hostname, unix } = this.options;
    if (unix !== undefined) return;
    const name = hostname === "0.0.0.0" || hostname === "::" ? "localhost" : hostname;
    this.gate.ownAuthority = `${name.includes(":") ? `[${name}]` : name}:${port}`;
  }

  async stop(patience: number): Promise<void> {
    this.isStopping = true;
    // The system has connections that Node has not accepted, and would reset them.
    await this.#lastRequests.over(patience);
    const { close } = builtin<Net>("node:net").Server.prototype;
    // That of `node:http` resets idle connections, on which a request may be on its way.
    const closed = new Promise<void>((resolve) => close.call(this.#server, resolve));
    for (const connection of this.#open) connection.stop();
    for (const socket of this.#shaking) socket.destroy();
    await closed;
    // Ends its timer, too.
    this.#server.close(() => {});
  }

  abort(): void {
    for (const connection of this.#open) connection.abort();
    for (const socket of this.#shaking) socket.destroy();
  }

  #connected(socket: NodeSocket): void {
    if (socket._parent !== undefined) this.#shaking.delete(socket._parent);
    // One whose request for an upgrade was put back is announced a second time.
    if (this.of(socket) !== undefined) return;
    const connection = new NodeConnection(socket, this);
    Object.assign(socket, { [ofSocket]: connection });
    this.#open.add(connection);
    socket.once("close", () => this.#open.delete(connection));
  }

  #shakes(socket: NodeSocket): void {
    this.#shaking.add(socket);
    socket.once("close", () => this.#shaking.delete(socket));
  }

  /** Node has let go of a connection whose client asks for another protocol: of a WebSocket, or of none that there is here. */
  #upgrade(incoming: Incoming, stream: NodeSocket, rest: Uint8Array): void {
    const connection = this.of(incoming.socket);
    const head = headOf(incoming);
    connection.detached();
    // Node 26 hands over a stream of its own where a body is still coming; what ends it is told by the socket, too.
    if (stream !== incoming.socket) stream.on("error", () => {});
    if (connection.isOver) return connection.discard();
    if (asksForWebSocket(head)) {
      // With an answer on it whose end was told already, it cannot be given to another; Node would end the process over it.
      if (connection.isIdle && stream._httpMessage) return stream.destroy();
      return connection.take(incoming, undefined, false, new RawConnection(stream, rest));
    }
    if (!hasBody(head) || !this.#readsBodies) {
      const raw = new RawConnection(stream, rest);
      return connection.putBack(raw, () => {
        stream.unshift(withoutUpgrade(incoming, raw.take()));
        this.#server.emit(this.options.tls === undefined ? "connection" : "secureConnection", stream);
      });
    }
    if (connection.isIdle && (!incoming.complete || incoming.readableLength > 0)) {
      // The body is with the request; nobody can read what follows it. Where it is still coming, Node reads on.
      if (incoming.complete) connection.discard();
      else connection.endWithClient();
      return connection.take(incoming, outgoingFor(incoming, stream), waitsForContinue(incoming), undefined);
    }
    // The body cannot wait for its turn, or there is no telling where it ends.
    connection.discard();
    connection.refuse(badRequest);
  }

  #failed(error: ParserError, socket: NodeSocket): void {
    const connection = this.of(socket);
    const isParsed = error.code?.startsWith("HPE_") || error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    // Of the handshake, or of a connection that is lost.
    if (connection === undefined || !isParsed) return socket.destroy();
    connection.fail(refusalOf(error), error.code === "HPE_INVALID_EOF_STATE");
  }
}
