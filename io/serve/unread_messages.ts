/**
 * Messages of a WebSocket that have come and that nobody has taken yet.
 *
 * @module
 */

import type { WebSocketMessage } from "../../runtime/port/web_socket.ts";

/** What a message costs beside its bytes: an empty one takes memory too. */
const overhead = 128;

/** First in, first out; it knows what its messages cost. */
export class UnreadMessages {
  #messages: WebSocketMessage[] = [];
  /** Where the next one is: `shift` of a long array would move all the others. */
  #first = 0;
  #cost = 0;

  /** How many there are. */
  get size(): number {
    return this.#messages.length - this.#first;
  }

  /** The bytes of all, and for each some more. */
  get cost(): number {
    return this.#cost;
  }

  /** Adds one. */
  push(message: WebSocketMessage): void {
    this.#messages.push(message);
    this.#cost += overhead + bytesOf(message);
  }

  /** Takes the one that came first; there has to be one. */
  take(): WebSocketMessage {
    const message = this.#messages[this.#first]!;
    this.#messages[this.#first++] = "";
    this.#cost -= overhead + bytesOf(message);
    if (this.#first === this.#messages.length) this.clear();
    return message;
  }

  /** Drops all. */
  clear(): void {
    this.#messages = [];
    this.#first = 0;
    this.#cost = 0;
  }
}

/** Has a message more than so many bytes? A text counts as UTF-8. */
export function isLonger(message: WebSocketMessage, limit: number): boolean {
  // A character has one to three bytes: most texts need not be looked at.
  if (typeof message !== "string" || message.length > limit) return message.length > limit;
  return message.length * 3 > limit && bytesOf(message) > limit;
}

function bytesOf(message: WebSocketMessage): number {
  if (typeof message !== "string") return message.byteLength;
  let bytes = message.length;
  for (let at = 0; at < message.length; at++) {
    const unit = message.charCodeAt(at);
    if (unit <= 0x7f) continue;
    bytes += unit > 0x7ff ? 2 : 1;
    // The two halves of a pair have four bytes together.
    const isPair = unit >= 0xd800 && unit < 0xdc00 && (message.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
    if (isPair) at++;
  }
  return bytes;
}
