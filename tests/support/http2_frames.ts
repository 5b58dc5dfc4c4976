/**
 * A client of HTTP/2 that says each frame itself, so that it can break the protocol.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { certificate } from "./certificate.ts";
import { within } from "./within.ts";

/** The kinds of frames, by their numbers (RFC 9113, section 6). */
export const kinds = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
} as const;

/** Flags of frames: the end of a stream, and of its head; that settings, or a ping, are answered. */
export const endStream = 1;
export const endHeaders = 4;
export const acknowledged = 1;

/** The names of errors, by their numbers (RFC 9113, section 7). */
const errors =
  "NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM"
    .split(" ");

/** What a client begins with. */
export const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** A frame that has come. */
export interface Frame {
  readonly kind: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The bytes of a frame; `length` is what it says of its payload. */
export function frame(
  kind: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(),
  length: number = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = kind;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A number of four bytes. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A setting of a client. */
export function setting(name: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(name);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** Fields as HPACK writes them without any compression. */
export function fields(list: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(list.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  const rest: number[] = [];
  for (let left = bytes.length - 127; left >= 0; left = left < 128 ? -1 : left >> 7) {
    rest.push(left < 128 ? left : (left & 127) | 128);
  }
  return Buffer.concat([Buffer.from([Math.min(bytes.length, 127), ...rest]), bytes]);
}

/** The fields of an ordinary request. */
export function request(
  path = "/",
  { method = "GET", authority = "a.test", scheme = "https" }: { method?: string; authority?: string; scheme?: string } =
    {},
): [name: string, value: string][] {
  return [[":method", method], [":scheme", scheme], [":authority", authority], [":path", path]];
}

/** The head of a request, in a frame. */
export function head(
  stream: number,
  list: readonly (readonly [name: string, value: string])[] = request(),
  flags: number = endStream | endHeaders,
): Buffer {
  return frame(kinds.headers, flags, stream, fields(list));
}

/** A connection on which a test says each frame itself. */
export class Http2Client {
  readonly socket: Socket;
  /** What has come so far, but for settings, and updates of windows. */
  readonly frames: Frame[] = [];
  isClosed = false;
  #bytes: Buffer = Buffer.alloc(0);
  #hasSettings = false;
  readonly #watchers = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#read();
      this.#tell();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
      this.#tell();
    });
  }

  /** Connects, and begins with the preface and these settings; in the clear, if there is no TLS. */
  static async open(port: number, options: { isPlain?: boolean; settings?: Buffer } = {}): Promise<Http2Client> {
    const { isPlain = false, settings } = options;
    const tls = { port, host: "127.0.0.1", ca: certificate.cert, servername: "localhost", ALPNProtocols: ["h2"] };
    const socket: Socket = isPlain ? connectPlain(port, "127.0.0.1") : connectTls(tls);
    const client = new Http2Client(socket);
    const connected = new Promise<void>((resolve, reject) => {
      socket.once(isPlain ? "connect" : "secureConnect", () => resolve());
      socket.once("error", reject);
    });
    await within(connected, "the client has connected");
    client.send(preface, frame(kinds.settings, 0, 0, settings));
    // The answer to the server's settings would come in between the frames of a test.
    await client.#until(() => client.#hasSettings || client.isClosed, "the server's settings have come");
    return client;
  }

  send(...pieces: (Uint8Array | string)[]): void {
    void this.sent(...pieces);
  }

  /** Sends, and waits until the system has taken it, or the connection is closed. */
  sent(...pieces: (Uint8Array | string)[]): Promise<void> {
    const all = pieces.map((piece) => typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
    return new Promise((resolve) => {
      if (this.isClosed || !this.socket.writable) return resolve();
      const done = (): void => {
        this.socket.off("close", done);
        resolve();
      };
      this.socket.once("close", done);
      this.socket.write(Buffer.concat(all), done);
    });
  }

  /**
   * How a stream has ended, when it has: with the status of its answer, with the error that it was reset for, or with both; with the
   * error of the whole connection, or "closed" without one.
   */
  async endOf(stream: number): Promise<string> {
    let end: string | undefined;
    await this.#until(() => (end = this.#endOf(stream)) !== undefined, `stream ${stream} has ended`);
    return end!;
  }

  /** The error of the connection, or "closed" for none; or "open" if it still answers pings. */
  async state(): Promise<string> {
    const word = Buffer.from(String(Math.random()).padEnd(8).slice(-8));
    this.send(frame(kinds.ping, 0, 0, word));
    const isAnswered = (): boolean =>
      this.frames.some(({ kind, flags, payload }) =>
        kind === kinds.ping && flags === acknowledged && payload.equals(word)
      );
    await this.#until(() => this.isClosed || this.#goneFor() !== undefined || isAnswered(), "a ping is answered");
    return this.#goneFor() ?? (this.isClosed ? "closed" : "open");
  }

  /** Settles when the connection is over. */
  async closed(): Promise<void> {
    await this.#until(() => this.isClosed, "the connection is over");
  }

  /** Settles when it is so, which is looked at when something comes. */
  async until(isSo: (frames: readonly Frame[]) => boolean, what: string): Promise<void> {
    await this.#until(() => isSo(this.frames), what);
  }

  leave(): void {
    this.socket.destroy();
  }

  #endOf(stream: number): string | undefined {
    const own = this.frames.filter((frame) => frame.stream === stream);
    const reset = own.find(({ kind }) => kind === kinds.reset);
    const head = own.find(({ kind }) => kind === kinds.headers);
    const status = head === undefined ? "" : String(statusOf(head.payload));
    if (reset !== undefined) return `${status} ${errors[reset.payload.readUInt32BE()]}`.trim();
    if (own.some(({ kind, flags }) => kind <= kinds.headers && (flags & endStream) > 0)) return status;
    return this.#goneFor() ?? (this.isClosed ? "closed" : undefined);
  }

  #goneFor(): string | undefined {
    const gone = this.frames.find(({ kind, payload }) => kind === kinds.goAway && payload.readUInt32BE(4) !== 0);
    return gone && errors[gone.payload.readUInt32BE(4)];
  }

  #read(): void {
    let bytes = this.#bytes;
    for (; bytes.length >= 9; bytes = bytes.subarray(9 + bytes.readUIntBE(0, 3))) {
      const length = bytes.readUIntBE(0, 3);
      if (bytes.length < 9 + length) break;
      const [kind, flags] = [bytes[3]!, bytes[4]!];
      const one = { kind, flags, stream: bytes.readUInt32BE(5), payload: bytes.subarray(9, 9 + length) };
      if (kind === kinds.settings && flags === 0) {
        this.#hasSettings = true;
        this.send(frame(kinds.settings, acknowledged, 0));
      }
      if (kind !== kinds.settings && kind !== kinds.window) this.frames.push(one);
    }
    this.#bytes = bytes;
  }

  #tell(): void {
    this.#watchers.forEach((watcher) => watcher());
  }

  async #until(isSo: () => boolean, what: string): Promise<void> {
    let watcher!: () => void;
    const so = new Promise<void>((resolve) => {
      watcher = () => {
        if (isSo()) resolve();
      };
    });
    this.#watchers.add(watcher);
    watcher();
    await within(so, what);
    this.#watchers.delete(watcher);
  }
}

/** Statuses that HPACK has a number for. */
const known = [200, 204, 206, 304, 400, 404, 500];
/** Where HPACK has the name of the field with the status. */
const statusIndex = 8;
/** How Huffman's code of HPACK writes digits. */
const digits = "00000 00001 00010 011001 011010 011011 011100 011101 011110 011111".split(" ");

/** The status of an answer: it stands first, as one of those that HPACK knows, or as three digits. */
function statusOf(block: Buffer): number {
  const [first = 0, second = 0] = block;
  // Tables may change their size before.
  if (first >> 5 === 1) return statusOf(block.subarray(1));
  if (first >= 128) return known[first - 128 - statusIndex] ?? 0;
  const value = block.subarray(2, 2 + (second & 127));
  if (second < 128) return Number(value.toString("latin1"));
  let bits = [...value].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let status = "";
  while (status.length < 3) {
    const digit = digits.findIndex((code) => bits.startsWith(code));
    if (digit < 0) return 0;
    status += digit;
    bits = bits.slice(digits[digit]!.length);
  }
  return Number(status);
}
