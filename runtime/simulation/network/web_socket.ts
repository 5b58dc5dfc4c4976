/**
 * `WebSocket` on a simulated network: the client's end.
 *
 * ```
 *   connecting ──accepted──> open ──close, or the server closes──> closing ──the other side has answered──> closed
 *       └──refused, or the connection is lost──────┴──────────────────┴──"error"──────────────────────────> closed (1006)
 * ```
 *
 * @module
 */

import type { NetAddress } from "../../port/net.ts";
import { SimulatedServer } from "./http_server.ts";
import type { Taken } from "./machine_connections.ts";
import type { SocketEnd } from "./socket_end.ts";
import { type AskedSocket, takeWebSocket } from "./web_socket_exchange.ts";
import { closeOf, type FrameKind, frameKinds, Frames, noCode, textOf } from "./web_socket_frames.ts";

/** What the network is to its sockets. */
export interface WebSocketNetwork {
  /** Is a URL of this network, where other networks may be meant too? */
  serves(url: string): boolean;
  /** A socket that begins to connect to a server that is `taken`; with `isWhole` its chunks come as they were sent. */
  begin(address: NetAddress, taken: Taken, isWhole: boolean): SocketEnd;
}

type Message = string | ArrayBufferLike | ArrayBufferView | Blob;

const taken: Taken = (server) =>
  server instanceof SimulatedServer ? (socket) => takeWebSocket(server, socket) : undefined;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const [connecting, open, closing, closed] = [0, 1, 2, 3];
const handlers = ["open", "message", "error", "close"] as const;

/** The event that tells of a close, where the host has none. */
class SimulatedCloseEvent extends Event {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(type: string, { code = 0, reason = "", wasClean = false }: CloseEventInit) {
    super(type);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

/** A `WebSocket`. */
export class SimulatedWebSocket extends EventTarget {
  readonly url: string;
  readonly extensions = "";
  protocol = "";
  binaryType: BinaryType = "blob";
  readyState: number = connecting;
  bufferedAmount = 0;
  readonly #origin: string;
  readonly #socket: SocketEnd;
  readonly #frames: Frames;
  readonly #handlers = new Map<string, { call: (event: Event) => void; listener: (event: Event) => void }>();
  /** With what the server has closed it. */
  #close: { code: number; reason: string } | undefined = undefined;
  /** Messages whose bytes are still to be had of a blob, in order. */
  #reading: Promise<void> | undefined = undefined;

  constructor(network: WebSocketNetwork, url: string | URL, protocols: string | readonly string[] = []) {
    super();
    const parsed = parse(url);
    const names = typeof protocols === "string" ? [protocols] : [...protocols];
    if (!names.every((name) => token.test(name)) || new Set(names).size < names.length) {
      throw new DOMException(`The subprotocols are no list of names: ${names.join(", ")}`, "SyntaxError");
    }
    this.url = parsed.href;
    this.#origin = parsed.origin;
    const port = parsed.port === "" ? 80 : Number(parsed.port);
    const socket = this.#socket = network.begin({ host: parsed.hostname, port }, taken, true);
    this.#frames = new Frames(socket, (kind, bytes) => this.#take(kind, bytes));
    socket.on("connect", () => {
      const asked: AskedSocket = { url: parsed.href.replace(/^ws/, "http"), protocols: names };
      this.#frames.send(frameKinds.request, JSON.stringify(asked));
    });
    socket.on("drain", () => this.bufferedAmount = 0);
    socket.on("end", () => socket.end());
    socket.on("error", () => {});
    socket.on("close", () => this.#ended());
    for (const name of handlers) this.#defineHandler(name);
  }

  send(message: Message): void {
    if (this.readyState === connecting) {
      throw new DOMException("The WebSocket is still connecting", "InvalidStateError");
    }
    const size = sizeOf(message);
    if (this.readyState !== open) return void (this.bufferedAmount += size);
    if (message instanceof Blob || this.#reading !== undefined) return this.#sendInOrder(message);
    this.#send(message, size);
  }

  #send(message: Exclude<Message, Blob>, size: number): void {
    const isText = typeof message === "string";
    const isTaken = this.#frames.send(isText ? frameKinds.text : frameKinds.bytes, isText ? message : bytesOf(message));
    this.bufferedAmount = isTaken ? 0 : this.bufferedAmount + size;
  }

  #sendInOrder(message: Message): void {
    const copy = message instanceof Blob || typeof message === "string" ? message : new Uint8Array(bytesOf(message));
    const before = this.#reading;
    const send = async (): Promise<void> => {
      await before;
      const content = copy instanceof Blob ? await copy.arrayBuffer() : copy;
      if (this.readyState === open) this.#send(content, sizeOf(content));
    };
    const reading = this.#reading = send();
    void reading.finally(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
  }

  close(code?: number, reason: string = ""): void {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException(`The code is 1000 or from 3000 to 4999: received ${code}`, "InvalidAccessError");
    }
    if (new TextEncoder().encode(reason).length > 123) {
      throw new DOMException("The reason has at most 123 bytes", "SyntaxError");
    }
    if (this.readyState >= closing) return;
    const wasOpen = this.readyState === open;
    this.readyState = closing;
    if (wasOpen) this.#frames.close(code ?? noCode, reason);
    else this.#socket.destroy();
  }

  #take(kind: FrameKind, bytes: Uint8Array<ArrayBuffer>): void {
    if (kind === frameKinds.accepted) this.#opened(textOf(bytes));
    else if (kind === frameKinds.close) this.#closedBy(bytes);
    else if (this.readyState !== open) return;
    else if (kind === frameKinds.text) this.#message(textOf(bytes));
    else if (kind === frameKinds.bytes) {
      this.#message(this.binaryType === "arraybuffer" ? bytes.buffer : new Blob([bytes]));
    }
  }

  #opened(protocol: string): void {
    if (this.readyState !== connecting) return;
    this.readyState = open;
    this.protocol = protocol;
    this.dispatchEvent(new Event("open"));
  }

  #message(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data, origin: this.#origin }));
  }

  #closedBy(bytes: Uint8Array): void {
    this.#close = closeOf(bytes);
    if (this.readyState === open) this.#frames.close(this.#close.code, this.#close.reason);
    this.readyState = closing;
    this.#socket.end();
  }

  /** The connection is over. */
  #ended(): void {
    if (this.readyState === closed) return;
    this.readyState = closed;
    const wasClean = this.#close !== undefined;
    if (!wasClean) this.dispatchEvent(new Event("error"));
    const { code, reason } = this.#close ?? { code: 1006, reason: "" };
    const Close = (globalThis as unknown as { CloseEvent?: typeof SimulatedCloseEvent }).CloseEvent ??
      SimulatedCloseEvent;
    this.dispatchEvent(new Close("close", { code, reason, wasClean }));
  }

  /** `onopen` and the like. */
  #defineHandler(name: string): void {
    Object.defineProperty(this, `on${name}`, {
      get: () => this.#handlers.get(name)?.call ?? null,
      set: (call: unknown) => {
        const before = this.#handlers.get(name);
        if (before !== undefined) this.removeEventListener(name, before.listener);
        this.#handlers.delete(name);
        if (typeof call !== "function") return;
        const listener = (event: Event): unknown => Reflect.apply(call, this, [event]);
        this.#handlers.set(name, { call: call as () => void, listener });
        this.addEventListener(name, listener);
      },
      configurable: true,
      enumerable: true,
    });
  }

  static {
    for (const [name, value] of Object.entries({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 })) {
      Object.defineProperty(this.prototype, name, { value, enumerable: true });
    }
  }
}

type Constructor = (...args: never[]) => unknown;

/** The global `WebSocket`; what is of no network of the simulation goes to `real`, where there is one. */
export function webSocketOf(network: () => WebSocketNetwork, real: Constructor | undefined): Constructor {
  function WebSocket(...args: [url: string | URL, protocols?: string | readonly string[]]): object {
    if (real !== undefined && !network().serves(String(args[0]))) return Reflect.construct(real, args) as object;
    return new SimulatedWebSocket(network(), ...args);
  }
  WebSocket.prototype = SimulatedWebSocket.prototype;
  return WebSocket as Constructor;
}

function parse(url: string | URL): URL {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (parsed === undefined) throw new DOMException(`This is no URL: ${String(url)}`, "SyntaxError");
  if (parsed.protocol === "http:") parsed.protocol = "ws:";
  if (parsed.protocol !== "ws:" && parsed.protocol !== "wss:" && parsed.protocol !== "https:") {
    throw new DOMException(`The URL of a WebSocket begins with ws: or wss:: received ${parsed.href}`, "SyntaxError");
  }
  if (parsed.hash !== "") throw new DOMException("The URL of a WebSocket has no fragment", "SyntaxError");
  return parsed;
}

function sizeOf(message: Message): number {
  if (typeof message === "string") return new TextEncoder().encode(message).length;
  return message instanceof Blob ? message.size : message.byteLength;
}

function bytesOf(message: ArrayBufferLike | ArrayBufferView): Uint8Array {
  if (!ArrayBuffer.isView(message)) return new Uint8Array(message);
  return new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
}
