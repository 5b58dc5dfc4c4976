import { builtin } from "../common/node_process.ts";
import type { Incoming } from "./http_body.ts";
import type { Outgoing } from "./http_exchange.ts";
import type { RawSocket } from "./web_socket.ts";

interface Http {
  ServerResponse: new (incoming: Incoming) => Outgoing;
}

declare const Buffer: {
  from(text: string, encoding: "latin1"): Uint8Array;
  concat(parts: Uint8Array[]): Uint8Array;
};

/** An answer for a request for a WebSocket, in case its handler refuses it: Node gives none with its event. */
export function outgoingFor(incoming: Incoming, socket: RawSocket): Outgoing {
  const { ServerResponse } = builtin<Http>("node:http");
  const outgoing = new ServerResponse(incoming);
  outgoing.shouldKeepAlive = false;
  outgoing.assignSocket(socket);
  outgoing.on("finish", () => socket.destroySoon());
  socket.on("error", () => {});
  return outgoing;
}

const dropped = new Set(["upgrade", "connection", "http2-settings"]);

/**
 * The bytes of a request that asks for an upgrade of another kind, without its asking: for Node has ended the connection's HTTP with
 * it. A client may go on without the upgrade, and Java's asks for one with every request.
 */
export function withoutUpgrade(incoming: Incoming, head: Uint8Array): Uint8Array {
  const { method, url, rawHeaders } = incoming;
  let text = `${method} ${url} HTTP/1.1\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (!dropped.has(rawHeaders[index]!.toLowerCase())) text += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  }
  return Buffer.concat([Buffer.from(text + "\r\n", "latin1"), head]);
}
