/**
 * A client of WebSockets that says its bytes itself.
 *
 * @module
 */

import type { Server } from "../../io/mod.ts";
import { ask, type RawClient } from "./http.ts";

/** The head of a handshake; what is given comes in the place of what it has. */
export function handshake(fields: Record<string, string | undefined> = {}, line = "GET / HTTP/1.1"): string {
  const all = {
    host: "a",
    connection: "upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...fields,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined).map(([name, value]) =>
    `${name}: ${value}`
  );
  return `${[line, ...lines].join("\r\n")}\r\n\r\n`;
}

/** A frame with a mask of zeroes; its first byte says whether it is the last of its message, and of which kind. */
export function frame(first: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const { length } = payload;
  const head = length < 126
    ? [first, 0x80 | length]
    : length < 65_536
    ? [first, 0xfe, length >> 8, length & 255]
    : [first, 0xff, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
  return new Uint8Array([...head, 0, 0, 0, 0, ...payload]);
}

/** The first bytes of frames. */
export const text = 0x81;
export const binary = 0x82;
export const close = 0x88;
export const ping = 0x89;
/** What an answer to a ping begins with. */
export const pong = "\x8a";

/** The same bytes many times. */
export function repeat(bytes: Uint8Array, count: number): Uint8Array {
  const all = new Uint8Array(bytes.length * count);
  for (let at = 0; at < all.length; at += bytes.length) all.set(bytes, at);
  return all;
}

/** A text as bytes. */
export function utf8(it: string): Uint8Array {
  return new TextEncoder().encode(it);
}

/** A client whose handshake has been answered; `frames` is what has come behind the answer. */
export async function open(server: Server): Promise<{ client: RawClient; frames(): string }> {
  const client = await ask(server, handshake());
  await client.waitFor(/^HTTP\/1.1 101 [^]*\r\n\r\n/);
  const { length } = client.received.match(/^[^]*?\r\n\r\n/)![0];
  return { client, frames: () => client.received.slice(length) };
}
