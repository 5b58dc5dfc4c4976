/**
 * Both ends of connections, for tests.
 *
 * @module
 */

import { connect as connectSocket, type Socket } from "node:net";
import { connect, type Connection, type ConnectionOptions, listen } from "../../io/mod.ts";
import { withinTest } from "./within.ts";

/** Runs `body` with both ends of a connection. */
export async function pair(
  body: (a: Connection, b: Connection) => Promise<void>,
  options: ConnectionOptions = {},
): Promise<void> {
  const listener = await listen(options);
  const a = await connect({ ...options, port: listener.port });
  const b = (await listener.accept())!;
  try {
    await withinTest(body(a, b));
  } finally {
    a.close();
    b.close();
    await listener.close();
  }
}

/** A connection whose other end is a socket of the host's. */
export async function connectRaw(): Promise<{ connection: Connection; raw: Socket; close(): Promise<void> }> {
  const listener = await listen();
  const raw = connectSocket(listener.port, "127.0.0.1");
  raw.on("error", () => {});
  const connection = (await listener.accept())!;
  return { connection, raw, close: () => listener.close() };
}

/** Bytes as a text. */
export function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
