import type { HttpExchange, HttpListener, HttpListenOptions } from "../http.ts";
import { builtin } from "./shared.ts";

type IncomingHeaders = Record<string, string | string[] | undefined>;

interface Incoming {
  method: string;
  url: string;
  headers: IncomingHeaders;
  rawHeaders: string[];
  socket: { remoteAddress?: string };
}

interface Outgoing {
  writableFinished: boolean;
  destroyed: boolean;
  writeHead(status: number, statusText: string, headers: string[]): void;
  write(chunk: Uint8Array): boolean;
  end(chunk?: string | Uint8Array): void;
  destroy(): void;
  on(event: "close", listener: () => void): void;
  once(event: "drain" | "close", listener: () => void): void;
  off(event: "drain" | "close", listener: () => void): void;
}

interface NodeServer {
  keepAliveTimeout: number;
  listen(options: { host: string; port: number }): void;
  once(event: "listening" | "error", listener: (error: Error) => void): void;
  off(event: "listening" | "error", listener: (error: Error) => void): void;
  address(): { port: number };
  close(done: () => void): void;
  closeIdleConnections(): void;
  closeAllConnections(): void;
}

interface Http {
  createServer(options: object, handler: (incoming: Incoming, outgoing: Outgoing) => void): NodeServer;
}

interface NodeStream {
  Readable: { toWeb(readable: unknown): ReadableStream<Uint8Array> };
}

/** `Host.listenHttp` over `node:http`. */
export async function listenHttp(options: HttpListenOptions): Promise<HttpListener> {
  const { createServer } = builtin<Http>("node:http");
  // Node loads these classes when they are first used: 20 ms, which would be the first client's, and the loop's.
  void new Response(new ReadableStream()).body;
  void new Request("http://localhost/");
  let stopping = false;
  const server = createServer({ keepAliveTimeout: options.keepAlive }, (incoming, outgoing) => {
    // Without this the server would wait for connections that go idle after close(), 5 s each.
    void answer(options, incoming, outgoing, () => stopping);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    server.listen({ host: options.hostname, port: options.port });
  });
  return {
    port: server.address().port,
    stop() {
      stopping = true;
      const stopped = new Promise<void>((resolve) => server.close(resolve));
      server.closeIdleConnections();
      return stopped;
    },
    abort: () => server.closeAllConnections(),
  };
}

async function answer(
  options: HttpListenOptions,
  incoming: Incoming,
  outgoing: Outgoing,
  isStopping: () => boolean,
): Promise<void> {
  let request: Request;
  try {
    request = requestOf(incoming);
  } catch {
    // A method, path or header that the standard's Request refuses.
    outgoing.writeHead(400, "Bad Request", ["connection", "close"]);
    return outgoing.end();
  }
  const exchange: HttpExchange = {
    request,
    remoteAddress: incoming.socket.remoteAddress,
    onDisconnect: undefined,
    onFinish: undefined,
  };
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) exchange.onDisconnect?.();
    exchange.onFinish?.();
  });
  const response = await options.handle(exchange);
  if (outgoing.destroyed) return void response.body?.cancel().catch(() => {});
  const headers: string[] = [];
  for (const [name, value] of response.headers) headers.push(name, value);
  if (isStopping()) headers.push("connection", "close");
  outgoing.writeHead(response.status, response.statusText, headers);
  if (response.body === null || incoming.method === "HEAD") {
    await response.body?.cancel();
    return outgoing.end();
  }
  await pump(response.body, outgoing);
}

function requestOf(incoming: Incoming): Request {
  const { method, rawHeaders } = incoming;
  const headers: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) headers.push([rawHeaders[index]!, rawHeaders[index + 1]!]);
  const host = incoming.headers["host"] ?? "localhost";
  const url = incoming.url.startsWith("/") ? `http://${host}${incoming.url}` : incoming.url;
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers });
  const body = builtin<NodeStream>("node:stream").Readable.toWeb(incoming);
  return new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
}

/** Sends a body no faster than the client takes it; a client that leaves cancels it. */
async function pump(body: ReadableStream<Uint8Array>, outgoing: Outgoing): Promise<void> {
  const reader = body.getReader();
  const left = (): void => void reader.cancel(new Error("The client left")).catch(() => {});
  outgoing.once("close", left);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (outgoing.destroyed) return;
      if (outgoing.write(value)) continue;
      await new Promise<void>((resolve) => {
        const go = (): void => {
          outgoing.off("drain", go);
          outgoing.off("close", go);
          resolve();
        };
        outgoing.once("drain", go);
        outgoing.once("close", go);
      });
    }
    outgoing.off("close", left);
    outgoing.end();
  } catch {
    // The body failed after the head was sent: all that is left to say is that it is not complete.
    outgoing.destroy();
  }
}
