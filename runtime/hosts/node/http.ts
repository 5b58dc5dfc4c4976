import { type Answer, discard, type HttpListener, type HttpListenOptions, PlainAnswer } from "../../port/http.ts";
import { builtin } from "../common/node_process.ts";
import { setTimer } from "../common/timers.ts";
import type { Incoming } from "./http_body.ts";
import { NodeExchange, type Outgoing } from "./http_exchange.ts";
import { send, sendPlain } from "./http_send.ts";
import { outgoingFor, withoutUpgrade } from "./http_upgrade.ts";
import type { RawSocket } from "./web_socket.ts";

type Listener = (incoming: Incoming, outgoing: Outgoing) => void;
type UpgradeListener = (incoming: Incoming, socket: RawSocket, head: Uint8Array) => void;

interface NodeServer {
  listen(options: { host: string; port: number } | { path: string }): void;
  on(event: "checkContinue", listener: Listener): void;
  on(event: "upgrade", listener: UpgradeListener): void;
  on(event: "connection" | "secureConnection", listener: (socket: NodeSocket) => void): void;
  on(event: "error", listener: () => void): void;
  emit(event: string, socket: RawSocket): void;
  once(event: "listening" | "error", listener: (error: Error) => void): void;
  off(event: "listening" | "error", listener: (error: Error) => void): void;
  address(): { port?: number } | string | null;
  close(done: () => void): void;
  closeIdleConnections(): void;
  closeAllConnections(): void;
}

interface NodeSocket {
  readonly bytesRead: number;
  destroy(): void;
  once(event: "close", listener: () => void): void;
}

interface Http {
  createServer(options: object, handler: Listener): NodeServer;
}

/** For how long after the answer a client may go on sending its body, in ms. */
const lingerTime = 1000;

/** What the exchanges of a server have in common. */
interface Shared {
  readonly options: HttpListenOptions;
  readonly scheme: "http" | "https";
  stopping: boolean;
  /** Called when an exchange has ended. */
  ended(): void;
}

/** `HostNetwork.listenHttp` over `node:http`. */
export async function listenHttp(options: HttpListenOptions): Promise<HttpListener> {
  // Node loads these classes when they are first used: 20 ms, which would be the first client's, and the loop's.
  void new Response(new ReadableStream()).body;
  void new Request("http://localhost/");
  const { tls, unix, hostname, port } = options;
  const { createServer } = builtin<Http>(tls === undefined ? "node:http" : "node:https");
  const shared: Shared = {
    options,
    scheme: tls === undefined ? "http" : "https",
    stopping: false,
    // Without this the server would wait for connections that go idle after close(), 5 s each.
    ended: () => shared.stopping && server.closeIdleConnections(),
  };
  const server = createServer({ ...tls, ...timeouts(options) }, (incoming, outgoing) => {
    answer(shared, incoming, outgoing, false);
  });
  // "100 Continue" is sent when the body is first asked for, so that a request may be refused without it.
  server.on("checkContinue", (incoming, outgoing) => answer(shared, incoming, outgoing, true));
  const ofConnection = tls === undefined ? "connection" : "secureConnection";
  server.on("upgrade", (incoming, socket, head) => {
    if (incoming.headers["upgrade"]?.toLowerCase() === "websocket" && incoming.method === "GET") {
      upgradable.add(socket);
      socket.on("close", () => upgradable.delete(socket));
      return answer(shared, incoming, outgoingFor(incoming, socket), false, { socket, head });
    }
    socket.unshift(withoutUpgrade(incoming, head));
    server.emit(ofConnection, socket);
  });
  /** Connections that Node does not count any more. */
  const upgradable = new Set<RawSocket>();
  const silent = new Set<NodeSocket>();
  server.on(ofConnection, (socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
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
  return {
    port: typeof address === "object" ? address?.port ?? 0 : 0,
    stop() {
      shared.stopping = true;
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // Node takes a connection that has never sent anything for one with a request under way.
      for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
      return stopped;
    },
    abort() {
      server.closeAllConnections();
      for (const socket of upgradable) socket.destroy();
    },
  };
}

/** The options of Node's server for slow clients. 0 means no limit to Node. */
function timeouts({ keepAlive, headerTimeout }: HttpListenOptions): object {
  const headersTimeout = headerTimeout === Infinity ? 0 : Math.max(1, Math.ceil(headerTimeout));
  return {
    keepAliveTimeout: keepAlive === Infinity ? 0 : Math.max(1, keepAlive),
    headersTimeout,
    // Every 30 s would be too seldom for a shorter timeout.
    connectionsCheckingInterval: Math.min(30_000, Math.max(50, headersTimeout / 4)),
    // It counts the whole of a body, however fast that comes; serve counts the silences.
    requestTimeout: 0,
  };
}

function answer(
  shared: Shared,
  incoming: Incoming,
  outgoing: Outgoing,
  continues: boolean,
  raw?: { socket: RawSocket; head: Uint8Array },
): void {
  const exchange = new NodeExchange(incoming, outgoing, shared.scheme, shared.options.messageLimit);
  exchange.continues = continues;
  exchange.raw = raw;
  outgoing.on("close", () => {
    const isSent = outgoing.writableFinished;
    // A client that leaves cancels the body's source, also while that has nothing to give.
    if (!isSent) exchange.reader?.cancel(new Error("The client left")).catch(() => {});
    exchange.finish(isSent ? "sent" : "left");
    shared.ended();
  });
  // An error of the connection; "close" follows.
  outgoing.on("error", ignore);
  let handled: Promise<Answer> | Answer;
  try {
    handled = shared.options.handle(exchange);
  } catch {
    // A method, path or host that the standard's Request refuses.
    outgoing.writeHead(400, undefined, ["content-length", "0", "connection", "close"]);
    return outgoing.end();
  }
  if (!(handled instanceof Promise)) void deliver(shared, exchange, incoming, handled);
  else void handled.then((response) => deliver(shared, exchange, incoming, response));
}

function ignore(): void {}

async function deliver(shared: Shared, exchange: NodeExchange, incoming: Incoming, response: Answer): Promise<void> {
  const { outgoing } = exchange;
  if (outgoing.destroyed || exchange.isUpgraded) return discard(response);
  if (!incoming.complete) linger(shared, incoming, outgoing);
  if (response instanceof PlainAnswer) return sendPlain(response, exchange, incoming, shared.stopping);
  try {
    await send(response, exchange, incoming, shared.stopping);
  } catch (error) {
    exchange.finish("failed", error);
    // If the head has gone out, all that is left to say is that the body is not whole.
    if (outgoing.headersSent) return outgoing.destroy();
    outgoing.writeHead(500, undefined, ["content-length", "0"]);
    outgoing.end();
  }
}

/**
 * Gives a client that is still sending its body, which nobody reads any more, time to read the answer. Closing at once would
 * reset the connection, and the answer be lost.
 */
function linger(shared: Shared, incoming: Incoming, outgoing: Outgoing): void {
  incoming.on("error", ignore);
  outgoing.on("finish", () => {
    if (incoming.complete) return;
    const timer = setTimer(() => incoming.socket.destroy(), lingerTime);
    incoming.on("close", () => {
      timer.cancel();
      shared.ended();
    });
  });
}
