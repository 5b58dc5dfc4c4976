import { checkChunk, discard, Exchange, type HttpListener, type HttpListenOptions, isHost } from "../http.ts";
import { bodyOf, type Incoming } from "./node_http_body.ts";
import { builtin } from "./shared.ts";

interface Outgoing {
  readonly writableFinished: boolean;
  /** `null` while the answer waits for those to earlier requests of its connection. */
  readonly socket: object | null;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  readonly headersSent: boolean;
  writeHead(status: number, statusText: string | undefined, headers: string[]): void;
  write(chunk: Uint8Array): boolean;
  writeContinue(): void;
  flushHeaders(): void;
  end(chunk?: string | Uint8Array, encoding?: "latin1"): void;
  destroy(): void;
  on(event: "close" | "finish" | "error", listener: () => void): void;
  once(event: "drain" | "close", listener: () => void): void;
  off(event: "drain" | "close", listener: () => void): void;
}

type Listener = (incoming: Incoming, outgoing: Outgoing) => void;

interface NodeServer {
  listen(options: { host: string; port: number } | { path: string }): void;
  on(event: "checkContinue", listener: Listener): void;
  on(event: "connection" | "secureConnection", listener: (socket: NodeSocket) => void): void;
  on(event: "error", listener: () => void): void;
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

declare const Buffer: {
  from(buffer: ArrayBufferLike, offset: number, length: number): { toString(encoding: "latin1"): string };
};

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

/** `Host.listenHttp` over `node:http`. */
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
  const silent = new Set<NodeSocket>();
  server.on(tls === undefined ? "connection" : "secureConnection", (socket) => {
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
    abort: () => server.closeAllConnections(),
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

class NodeExchange extends Exchange {
  readonly request: Request;
  readonly outgoing: Outgoing;
  readonly #incoming: Incoming;
  /** Does the client wait for "100 Continue" before it sends its body? */
  continues = false;
  /** The response's stream, while it is being sent. */
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined = undefined;
  /** What was handed over that the client has to take before more of it is. */
  #pieces = 0;
  #isBlocked = false;

  constructor(incoming: Incoming, outgoing: Outgoing, scheme: string) {
    super();
    this.#incoming = incoming;
    this.outgoing = outgoing;
    this.request = requestOf(incoming, scheme, this);
  }

  /** The body of the request is about to be read. */
  onRead(): void {
    if (!this.continues || this.outgoing.headersSent) return;
    this.continues = false;
    this.outgoing.writeContinue();
  }

  get remoteAddress(): string | undefined {
    return this.#incoming.socket.remoteAddress;
  }

  override get sendProgress(): number | undefined {
    return this.#isBlocked && this.outgoing.socket !== null ? this.#pieces : undefined;
  }

  /** Ends the answer; now all is the client's to take. */
  endWith(bytes?: Uint8Array | string): void {
    this.#isBlocked = true;
    if (typeof bytes === "string") this.outgoing.end(bytes, "latin1");
    else this.outgoing.end(bytes);
  }

  /** Sends a piece, and waits until the client has taken what was sent before. */
  async write(piece: Uint8Array): Promise<void> {
    this.#pieces++;
    if (this.outgoing.write(piece)) return;
    this.#isBlocked = true;
    await writable(this.outgoing);
    this.#isBlocked = false;
  }

  failBody(error: unknown): void {
    if (this.reader === undefined || this.outgoing.writableEnded) return;
    this.finish("cut");
    this.reader.cancel(error).catch(() => {});
    this.outgoing.destroy();
  }

  cut(): void {
    this.finish("cut");
    this.outgoing.destroy();
  }
}

function answer(shared: Shared, incoming: Incoming, outgoing: Outgoing, continues: boolean): void {
  let exchange: NodeExchange;
  try {
    exchange = new NodeExchange(incoming, outgoing, shared.scheme);
  } catch {
    // A method, path or host that the standard's Request refuses.
    outgoing.writeHead(400, undefined, ["content-length", "0", "connection", "close"]);
    return outgoing.end();
  }
  exchange.continues = continues;
  outgoing.on("close", () => {
    const isSent = outgoing.writableFinished;
    // A client that leaves cancels the body's source, also while that has nothing to give.
    if (!isSent) exchange.reader?.cancel(new Error("The client left")).catch(() => {});
    exchange.finish(isSent ? "sent" : "left");
    shared.ended();
  });
  // An error of the connection; "close" follows.
  outgoing.on("error", ignore);
  const handled = shared.options.handle(exchange);
  if (handled instanceof Response) void deliver(shared, exchange, incoming, handled);
  else void handled.then((response) => deliver(shared, exchange, incoming, response));
}

function ignore(): void {}

async function deliver(shared: Shared, exchange: NodeExchange, incoming: Incoming, response: Response): Promise<void> {
  const { outgoing } = exchange;
  if (outgoing.destroyed) return discard(response);
  if (!incoming.complete) linger(shared, incoming, outgoing);
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

function requestOf(incoming: Incoming, scheme: string, exchange: NodeExchange): Request {
  const { method, rawHeaders } = incoming;
  const headers: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) headers.push([rawHeaders[index]!, rawHeaders[index + 1]!]);
  const host = incoming.headers["host"] ?? "localhost";
  if (!isHost(host)) throw new TypeError("The host of the request is not valid");
  const url = incoming.url.startsWith("/") ? `${scheme}://${host}${incoming.url}` : incoming.url;
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers });
  const isEmpty = incoming.headers["content-length"] === "0" ||
    (incoming.headers["content-length"] === undefined && incoming.headers["transfer-encoding"] === undefined);
  if (isEmpty) return new Request(url, { method, headers });
  const body = bodyOf(incoming, () => exchange.onRead(), () => exchange.finish("left"));
  return new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
}

/**
 * Gives a client that is still sending its body, which nobody reads any more, time to read the answer. Closing at once would
 * reset the connection, and the answer be lost.
 */
function linger(shared: Shared, incoming: Incoming, outgoing: Outgoing): void {
  incoming.on("error", ignore);
  outgoing.on("finish", () => {
    if (incoming.complete) return;
    const timer = setTimeout(() => incoming.socket.destroy(), lingerTime);
    incoming.on("close", () => {
      clearTimeout(timer);
      shared.ended();
    });
  });
}

async function send(
  response: Response,
  exchange: NodeExchange,
  incoming: Incoming,
  isStopping: boolean,
): Promise<void> {
  const { outgoing } = exchange;
  const { status, body } = response;
  const isHead = incoming.method === "HEAD";
  const headers: string[] = [];
  let closes = isStopping;
  let takesLength = true;
  for (const [name, value] of response.headers) {
    if (name === "connection") {
      closes ||= incoming.complete && value === "close";
      continue;
    }
    if (name === "content-length" || name === "transfer-encoding") takesLength = false;
    headers.push(name, value);
  }
  if (closes) headers.push("connection", "close");
  function head(length?: number): void {
    if (length !== undefined && takesLength) headers.push("content-length", String(length));
    outgoing.writeHead(status, response.statusText || undefined, headers);
  }
  if (body === null) {
    head(isHead || status === 204 || status === 304 ? undefined : 0);
    return exchange.endWith();
  }
  const reader = exchange.reader = body.getReader();
  const begin = new Beginning(reader);
  const isWhole = await begin.isWhole();
  if (exchange.end !== undefined) return;
  if (isWhole) {
    const { done, value: bytes } = begin.first!;
    if (!done) checkChunk(bytes);
    head(bytes?.byteLength ?? 0);
    if (isHead || bytes === undefined) return exchange.endWith();
    // A text goes out together with the head, in one write; bytes would need a second one.
    if (bytes.byteLength <= mergedBytes) return exchange.endWith(latin1(bytes));
    if (bytes.byteLength <= pieceBytes) return exchange.endWith(bytes);
    for (let at = 0; at < bytes.byteLength && !outgoing.destroyed; at += pieceBytes) {
      await exchange.write(bytes.subarray(at, at + pieceBytes));
    }
    return exchange.endWith();
  }
  head();
  if (isHead) {
    exchange.endWith();
    return void reader.cancel().catch(() => {});
  }
  outgoing.flushHeaders();
  await pump(begin, exchange);
}

/** A longer body goes out in pieces of this length, so that it shows whether the client takes any. */
const pieceBytes = 256 * 1024;
/** Up to this length a body is written together with its head. */
const mergedBytes = 16 * 1024;

/** Bytes as a string of as many characters. */
function latin1(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

type Read = ReadableStreamReadResult<Uint8Array>;

/** The first two reads of a body: one that is there whole is sent with its length, in one piece. */
class Beginning {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What came first, if it came soon. */
  first: Read | undefined = undefined;
  /** The last read that was asked for. */
  asked: Promise<Read>;
  #state: "reading" | "whole" | "failed" | "over" = "reading";

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
    this.asked = this.#ask();
  }

  /** Is the whole body there within a few microtasks? A stream that fails as soon makes this throw. */
  async isWhole(): Promise<boolean> {
    for (let tick = 0; tick < 8 && this.#state === "reading"; tick++) await undefined;
    if (this.#state === "failed") await this.asked;
    if (this.#state === "whole") return true;
    this.#state = "over";
    return false;
  }

  #ask(): Promise<Read> {
    const asked = this.#reader.read();
    asked.then((read) => this.#came(read), () => this.#state = "failed");
    return asked;
  }

  #came(read: Read): void {
    if (this.#state !== "reading") return;
    const isFirst = this.first === undefined;
    this.first ??= read;
    if (read.done) this.#state = "whole";
    else if (isFirst) this.asked = this.#ask();
    else this.#state = "over";
  }
}

/** Sends a stream no faster than the client takes it. */
async function pump(begin: Beginning, exchange: NodeExchange): Promise<void> {
  const { outgoing, reader } = exchange;
  let asked: Promise<Read> | undefined = begin.first === undefined ? undefined : begin.asked;
  for (
    let read = begin.first ?? await begin.asked;
    !read.done;
    read = await (asked ?? reader!.read()), asked = undefined
  ) {
    if (outgoing.destroyed) return;
    checkChunk(read.value);
    if (read.value.byteLength > 0) await exchange.write(read.value);
  }
  exchange.endWith();
}

/** Waits until the client has taken what was written, or has left. */
function writable(outgoing: Outgoing): Promise<void> {
  return new Promise((resolve) => {
    function go(): void {
      outgoing.off("drain", go);
      outgoing.off("close", go);
      resolve();
    }
    outgoing.once("drain", go);
    outgoing.once("close", go);
  });
}
