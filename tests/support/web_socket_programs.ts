/**
 * Small programs of a server of WebSockets and a client, which do the same on the real network and on a simulated one.
 *
 * @module
 */

import { sleep } from "../../mod.ts";
import { failureOf, type Handler, http, type NetworkProgram } from "./network_programs.ts";

interface Client {
  readonly socket: WebSocket;
  /** What has come, and how it was closed. */
  readonly seen: unknown[];
  readonly closed: Promise<void>;
}

function client(url: string, protocols: string[] = []): Promise<Client> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), protocols);
  socket.binaryType = "arraybuffer";
  const seen: unknown[] = [];
  return new Promise((resolve) => {
    const closed = new Promise<void>((over) => {
      socket.onclose = ({ code, reason, wasClean }) => {
        seen.push([code, reason, wasClean, socket.readyState]);
        over();
        resolve({ socket, seen, closed });
      };
    });
    socket.onmessage = ({ data }) =>
      seen.push(typeof data === "string" ? data : [...new Uint8Array(data as ArrayBuffer)]);
    socket.onerror = () => seen.push("error");
    socket.onopen = () => {
      seen.push(["open", socket.protocol, socket.readyState, socket.extensions]);
      resolve({ socket, seen, closed });
    };
  });
}

/** Waits for so many things to be seen, for a second at most. */
async function has(seen: readonly unknown[], count: number): Promise<void> {
  for (let time = 0; time < 200 && seen.length < count; time++) await sleep(5);
}

/** What a server has seen of its sockets. */
const closes: unknown[] = [];

const sockets: Handler = async (request, context) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/closes") return Response.json(closes.splice(0));
  if (pathname === "/refused") return new Response("no", { status: 404 });
  return await context.upgrade(async (socket) => {
    if (pathname === "/closes-it") return socket.close(4000, "enough");
    if (pathname === "/fails") throw new Error("no");
    for await (const message of socket) await socket.send(message);
    const { code, reason } = await socket.closed;
    closes.push([code, reason]);
  }, pathname === "/protocol" ? { protocol: "chat" } : {});
};

/** Programs with WebSockets, for hosts whose clients have them. */
export const socketPrograms: Readonly<Record<string, NetworkProgram>> = {
  "messages of both kinds come back in order, and the client closes": http(sockets, async (url) => {
    const { socket, seen, closed } = await client(`${url}protocol`, ["other", "chat"]);
    socket.send("one");
    socket.send(new Uint8Array([1, 2, 3]));
    socket.send(new DataView(new Uint8Array([9, 4, 9]).buffer, 1, 1));
    socket.send("");
    socket.send("ünï");
    await has(seen, 6);
    socket.close(3001, "bye");
    await closed;
    await sleep(20);
    return [seen, await (await fetch(`${url}closes`)).json()];
  }),
  "a client closes without a code": http(sockets, async (url) => {
    const { socket, seen, closed } = await client(url);
    socket.close();
    await closed;
    await sleep(20);
    return [seen.length, await (await fetch(`${url}closes`)).json()];
  }),
  "the server closes, and a handler that fails does": http(sockets, async (url) => {
    const [one, other] = [await client(`${url}closes-it`), await client(`${url}fails`)];
    await Promise.all([one.closed, other.closed]);
    return [one.seen, other.seen];
  }),
  "a server that refuses a socket": http(sockets, async (url) => {
    const { seen } = await client(`${url}refused`);
    // Deno says 0 where others say 1006.
    return [seen[0], (seen[1] as unknown[]).slice(1)];
  }),
  "a hundred thousand bytes in one message": http(sockets, async (url) => {
    const { socket, seen, closed } = await client(url);
    socket.send("x".repeat(100_000));
    await has(seen, 2);
    socket.close();
    await closed;
    return (seen[1] as string).length;
  }),
  "what a socket is not made of, and not closed with": http(sockets, async (url) => {
    const failures = [];
    for (const wrong of ["ws://", "ftp://localhost/", "ws://localhost/#part"]) {
      failures.push(await failureOf(Promise.resolve().then(() => client(wrong))));
    }
    failures.push(await failureOf(Promise.resolve().then(() => client(url, ["a b"]))));
    const { socket, closed } = await client(url);
    for (const close of [() => socket.close(2000), () => socket.close(3000, "x".repeat(124))]) {
      failures.push(await failureOf(Promise.resolve().then(close)));
    }
    socket.close();
    await closed;
    return failures;
  }),
};
