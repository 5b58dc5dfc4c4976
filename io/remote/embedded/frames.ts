/**
 * Values on a connection of bytes.
 *
 * ```
 *   length, 4 bytes, little-endian │ a value, as on the wire of pools
 * ```
 *
 * @module
 */

import type { HostSocket } from "../../../runtime/port/net.ts";
import { readValue } from "../wire/value_reader.ts";
import { writeValue } from "../wire/value_writer.ts";

const headSize = 4;

/** Sends a value. */
export function sendFrame(socket: HostSocket, value: unknown): void {
  const body = writeValue(value, "a frame");
  const frame = new Uint8Array(headSize + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, true);
  frame.set(body, headSize);
  socket.write(frame);
}

/** Calls `take` with each value that comes, and `lost` once, when no more can. */
export function readFrames(socket: HostSocket, take: (value: unknown) => void, lost: () => void): void {
  let rest = new Uint8Array();
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    lost();
  };
  socket.on("data", (chunk: Uint8Array) => {
    const all = new Uint8Array(rest.length + chunk.length);
    all.set(rest);
    all.set(chunk, rest.length);
    const view = new DataView(all.buffer);
    let at = 0;
    while (!isOver && all.length - at >= headSize) {
      const end = at + headSize + view.getUint32(at, true);
      if (end > all.length) break;
      take(readValue(all.slice(at + headSize, end)));
      at = end;
    }
    rest = all.slice(at);
  });
  for (const event of ["error", "end", "close"] as const) socket.on(event, over);
  socket.resume();
}
