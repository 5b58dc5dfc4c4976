/**
 * Frames of WebSockets: what a client's say, read strictly, and reading those of the server.
 *
 * @module
 */

import type { MatrixHost } from "../hosts.ts";
import { messageLimit } from "./report.ts";
import { type RuleName, ruleOf } from "./rules.ts";

/** A frame as it is on the wire, its payload without the mask. */
export interface Frame {
  readonly isLast: boolean;
  readonly reserved: number;
  readonly opcode: number;
  readonly isMasked: boolean;
  readonly isLong: boolean;
  readonly length: bigint;
  readonly payload: string;
  /** Where the next one begins. */
  readonly end: number;
}

/** Opcodes. */
export const continuation = 0;
export const textFrame = 1;
export const binaryFrame = 2;
export const closeFrame = 8;
export const pingFrame = 9;
export const pongFrame = 10;

/** Reads the frame at a place; `undefined` if it is not all there, its payload missing if only that is not. */
export function readFrame(
  text: string,
  at: number,
): Frame | (Omit<Frame, "payload"> & { payload: undefined }) | undefined {
  const byte = (offset: number): number => text.charCodeAt(at + offset);
  if (text.length < at + 2) return undefined;
  const short = byte(1) & 127;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const isMasked = byte(1) > 127;
  const start = at + 2 + lengthBytes + (isMasked ? 4 : 0);
  if (text.length < at + 2 + lengthBytes) return undefined;
  let length = lengthBytes === 0 ? BigInt(short) : 0n;
  for (let index = 0; index < lengthBytes; index++) length = (length << 8n) | BigInt(byte(2 + index));
  const isLong = (lengthBytes === 2 && length < 126n) || (lengthBytes === 8 && length < 65_536n);
  const frame = { isLast: byte(0) > 127, reserved: (byte(0) >> 4) & 7, opcode: byte(0) & 15, isMasked, isLong, length };
  const end = start + Number(length);
  if (text.length < end) return { ...frame, payload: undefined, end };
  const sent = text.slice(start, end);
  return { ...frame, payload: isMasked ? masked(sent, text.slice(start - 4, start)) : sent, end };
}

/** A payload with a mask of four bytes on it. */
export function masked(payload: string, mask: string): string {
  if (mask === "\0\0\0\0") return payload;
  let text = "";
  for (let index = 0; index < payload.length; index++) {
    text += String.fromCharCode(payload.charCodeAt(index) ^ mask.charCodeAt(index & 3));
  }
  return text;
}

/** A message. */
export interface Message {
  readonly opcode: number;
  readonly payload: string;
}

/** What the frames of a client say. */
export interface FrameReading {
  readonly messages: readonly Message[];
  /** The payloads of its pings. */
  readonly pings: readonly string[];
  /** How it goes on: it waits for more, or for the rest; the client has closed, or has done what is not allowed. */
  readonly end: "open" | "partial" | "closed" | "failed";
  /** Is it known what comes after that? */
  readonly isKnown: boolean;
  /** Does it have to go as this says? */
  readonly isSure: boolean;
  readonly notes: readonly RuleName[];
}

/** Reads what a client has sent after its handshake. */
export function readFrames(text: string, host: MatrixHost): FrameReading {
  const notes = new Set<RuleName>();
  const messages: Message[] = [];
  const pings: string[] = [];
  let isSure = true;
  let isRefused = false;
  let frames = 0;
  let open: { opcode: number; parts: string[]; length: number } | undefined;
  const note = (name: RuleName): void => {
    notes.add(name);
    const rule = ruleOf(name, host);
    if (rule === "either") isSure = false;
    else if (rule === "refuse") isRefused = true;
  };
  const ended = (end: FrameReading["end"]): FrameReading => ({
    messages,
    pings,
    end,
    isKnown: true,
    isSure,
    notes: [...notes],
  });
  for (let at = 0; at < text.length;) {
    const frame = readFrame(text, at);
    if (frame === undefined) return ended("partial");
    const { opcode, isLast, payload } = frame;
    if (++frames > 200) note("a flood of small messages or fragments");
    if (frame.reserved !== 0 || (opcode & 7) > 2) return ended("failed");
    if (!frame.isMasked) note("a frame without a mask");
    if (frame.isLong) note("a length in a longer form than needed");
    if (opcode >= closeFrame) {
      if (!isLast) return ended("failed");
      if (frame.length > 125n) note("a control frame with more than 125 bytes");
    } else {
      if (opcode === continuation && open === undefined) return ended("failed");
      if (opcode !== continuation && open !== undefined) {
        note("a message begun within another");
        return { ...ended("failed"), isKnown: isRefused };
      }
      open ??= { opcode, parts: [], length: 0 };
      open.length += Number(frame.length);
      if (open.length > messageLimit) note("a message above the limit");
    }
    if (isRefused) return ended("failed");
    if (payload === undefined) {
      // What has come of it may be wrong already.
      isSure = false;
      return ended("partial");
    }
    at = frame.end;
    if (opcode === pingFrame) {
      pings.push(payload);
      if (pings.length > 50) note("a flood of pings");
    } else if (opcode === closeFrame) {
      if (closeCodeOf(payload) === 1014) note("the close code 1014");
      return ended(isClose(payload) ? "closed" : "failed");
    } else if (open !== undefined && opcode !== pongFrame) {
      open.parts.push(payload);
      if (!isLast) continue;
      const message = { opcode: open.opcode, payload: open.parts.join("") };
      open = undefined;
      if (message.opcode === textFrame && !isUtf8(message.payload)) {
        if (frame.opcode !== continuation) return ended("failed");
        note("a text whose fragments end within a character");
        return { ...ended("failed"), isKnown: isRefused };
      }
      messages.push(message);
    }
  }
  // A text that is wrong already may be refused before it ends.
  if (open?.opcode === textFrame && !isUtf8(open.parts.join(""))) isSure = false;
  return ended("open");
}

function closeCodeOf(payload: string): number {
  return payload.charCodeAt(0) * 256 + payload.charCodeAt(1);
}

/** May the payload of a close be so? */
export function isClose(payload: string): boolean {
  if (payload === "") return true;
  const code = closeCodeOf(payload);
  const isCode = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  return isCode && isUtf8(payload.slice(2));
}

function isUtf8(text: string): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    return true;
  } catch {
    return false;
  }
}
