import { builtin } from "../common/node_process.ts";
import type { Incoming } from "./http_body.ts";
import type { Outgoing } from "./http_outgoing.ts";
import { type NodeSocket, readAgain } from "./node_socket.ts";

interface Http {
  ServerResponse: new (incoming: Incoming) => Outgoing;
}

declare const Buffer: {
  from(text: string, encoding: "latin1"): Uint8Array;
  concat(parts: Uint8Array[]): Uint8Array;
};

/** So many bytes a client may send before it knows whether it has a WebSocket. Nobody has to: RFC 6455, 4.1 tells it to wait. */
const earlyBytes = 64 * 1024;

/**
 * The connection of a request for a WebSocket, which Node reads no more, until it is known what becomes of it: what comes early is kept
 * for the socket, and a client that leaves is noticed.
 */
export class RawConnection {
  readonly socket: NodeSocket;
  #early: Uint8Array[];
  #size = 0;
  #hasTurn = false;

  constructor(socket: NodeSocket, head: Uint8Array) {
    this.socket = socket;
    this.#early = [head];
    socket.on("data", this.#keep);
    socket.on("end", this.#left);
    readAgain(socket);
  }

  /** All requests before it are answered. Is there something to begin with, or has its client sent too much meanwhile? */
  begin(): boolean {
    this.#hasTurn = true;
    return this.#size <= earlyBytes;
  }

  /** What has come early. From now on the socket is the caller's to read. */
  take(): Uint8Array {
    this.socket.off("data", this.#keep);
    this.socket.off("end", this.#left);
    // As Node hands it over: reading begins when somebody listens again.
    this.socket.readableFlowing = null;
    return this.#early.length === 1 ? this.#early[0]! : Buffer.concat(this.#early);
  }

  readonly #keep = (chunk: Uint8Array): void => {
    this.#size += chunk.byteLength;
    if (this.#size <= earlyBytes) this.#early.push(chunk);
    else if (this.#hasTurn) this.socket.destroy();
    // A request before it is to get its answer yet; to stop reading would hide that the client leaves.
    else this.#early = [];
  };

  readonly #left = (): void => this.socket.destroy();
}

/**
 * An answer for a request that asks for an upgrade, in case it is answered like any other: Node gives none with its event. It is the last
 * one of its connection.
 */
export function outgoingFor(incoming: Incoming, stream: NodeSocket): Outgoing {
  const { ServerResponse } = builtin<Http>("node:http");
  const outgoing = new ServerResponse(incoming);
  // Whatever the client has sent behind its request may be meant for a WebSocket.
  outgoing.shouldKeepAlive = false;
  outgoing.assignSocket(stream);
  stream.on("drain", () => outgoing.emit("drain"));
  outgoing.on("finish", () => {
    outgoing.detachSocket(stream);
    outgoing.emit("close");
    incoming.socket.destroySoon();
  });
  return outgoing;
}

/**
 * The bytes of a request that asks for an upgrade of another kind, without its asking: for Node 20 has ended the connection's HTTP with
 * it. A client may go on without the upgrade, and Java's asks for one with every request. It is never longer than it was.
 */
export function withoutUpgrade(incoming: Incoming, head: Uint8Array): Uint8Array {
  const { method, url, httpVersion, rawHeaders } = incoming;
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (name === "upgrade" || name === "http2-settings") continue;
    let value = rawHeaders[index + 1]!;
    if (name === "connection") {
      value = value.split(",").filter((item) => !/^\s*(upgrade|http2-settings)\s*$/i.test(item)).join(",");
      if (value === "") continue;
    }
    text += `${rawHeaders[index]}:${value}\r\n`;
  }
  return Buffer.concat([Buffer.from(text + "\r\n", "latin1"), head]);
}
