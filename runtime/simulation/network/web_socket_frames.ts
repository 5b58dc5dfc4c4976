/**
 * What both ends of a simulated WebSocket say to each other, over a connection of bytes. It is not what is said on a real one, which no
 * program gets to see.
 *
 * ```
 *   a frame: its kind (1 byte), how many bytes follow (4 bytes), and these
 * ```
 *
 * @module
 */

import { ByteBuffer } from "../../basics/bytes.ts";
import type { SocketEnd } from "./socket_end.ts";

/** Kinds of frames. */
export const frameKinds = { request: 0, accepted: 1, refused: 2, text: 3, bytes: 4, close: 5 } as const;

/** The kind of a frame. */
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

/** The code of a close that says none. */
export const noCode = 1005;

/** How long the head of a frame is. */
const headLength = 5;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Frames both ways. */
export class Frames {
  readonly #socket: SocketEnd;
  readonly #came = new ByteBuffer();
  readonly #take: (kind: FrameKind, bytes: Uint8Array<ArrayBuffer>) => void;
  #isPaused = false;

  /** `take` is called with each frame that comes. */
  constructor(socket: SocketEnd, take: (kind: FrameKind, bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#socket = socket;
    this.#take = take;
    socket.on("data", (chunk: Uint8Array) => {
      this.#came.append(chunk);
      this.#read();
    });
    socket.resume();
  }

  #read(): void {
    while (!this.#isPaused) {
      const bytes = this.#came.take();
      const length = bytes.length < headLength ? Infinity : new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
      if (bytes.length < headLength + length) return this.#came.append(bytes);
      this.#came.append(bytes.subarray(headLength + length));
      this.#take(bytes[0] as FrameKind, bytes.slice(headLength, headLength + length));
    }
  }

  /** Sends a frame; answers whether more may be sent at once. */
  send(kind: FrameKind, content: string | Uint8Array = ""): boolean {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    const frame = new Uint8Array(headLength + bytes.length);
    frame[0] = kind;
    new DataView(frame.buffer).setUint32(1, bytes.length);
    frame.set(bytes, headLength);
    return this.#socket.write(frame);
  }

  /** Sends that the socket closes. */
  close(code: number, reason: string): void {
    this.send(frameKinds.close, code === noCode ? "" : `${code} ${reason}`);
  }

  /** Takes no more frames, or takes them again. */
  setPaused(paused: boolean): void {
    if (this.#isPaused === paused) return;
    this.#isPaused = paused;
    if (paused) return this.#socket.pause();
    this.#read();
    if (!this.#isPaused) this.#socket.resume();
  }
}

/** The text of a frame. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** What a frame says that closes a socket. */
export function closeOf(bytes: Uint8Array): { code: number; reason: string } {
  const text = textOf(bytes);
  return text === "" ? { code: noCode, reason: "" } : { code: Number.parseInt(text), reason: text.slice(5) };
}
