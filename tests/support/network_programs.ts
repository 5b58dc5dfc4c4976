/**
 * Small programs of a server and a client, which do the same on the real network and on a simulated one.
 *
 * @module
 */

import { connect, type Connection, listen, type RequestContext, serve } from "../../io/mod.ts";
import { sleep } from "../../mod.ts";

/** A server, and what its client comes to. */
export interface NetworkProgram {
  /** Listens on a port, 0 for any; resolves when it does. */
  serve(port: number): Promise<{ readonly port: number; close(): Promise<void> }>;
  /** What a client sees, in plain values. */
  client(hostname: string, port: number): Promise<unknown>;
}

/** Answers requests. */
export type Handler = (request: Request, context: RequestContext) => Response | Promise<Response>;

/** A server of HTTP, and a client that is told its URL. */
export function http(handler: Handler, client: (url: string) => Promise<unknown>): NetworkProgram {
  return {
    async serve(port) {
      const server = await serve(handler, { port, onError: () => {} });
      return { port: Number(server.url.port || 80), close: async () => void await server.drain({ grace: 100 }) };
    },
    client: (hostname, port) => client(`http://${hostname}:${port}/`),
  };
}

function tcp(
  server: (connection: Connection) => Promise<unknown>,
  client: (connection: Connection) => Promise<unknown>,
): NetworkProgram {
  return {
    async serve(port) {
      const listener = await listen({ port });
      const handled = (async () => {
        for await (const connection of listener) {
          await server(connection).catch(() => {});
          connection.close();
        }
      })();
      return {
        port: listener.port,
        async close() {
          await listener.close();
          await handled;
        },
      };
    },
    async client(hostname, port) {
      const connection = await connect({ hostname, port });
      try {
        return await client(connection);
      } finally {
        connection.close();
      }
    },
  };
}

/** The name of the error that a promise rejects with, and its code. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    const { name, code } = error as { name: string; code?: unknown };
    return typeof code === "string" ? `${name} ${code}` : name;
  }
}

async function rejects(promise: Promise<unknown>): Promise<boolean> {
  return await promise.then(() => false, () => true);
}

async function textOf(connection: Connection): Promise<string> {
  let text = "";
  for await (const chunk of connection) text += new TextDecoder().decode(chunk);
  return text;
}

function chunks(...texts: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const text = texts.shift();
      await sleep(5);
      if (text === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(text));
    },
  });
}

const led: Handler = async (request) => {
  const { pathname } = new URL(request.url);
  const status = Number(pathname.slice(1));
  if (status > 300) return new Response(null, { status, headers: { location: "/end?q=1" } });
  return Response.json([request.method, pathname, await request.text(), request.headers.get("content-language")]);
};

/** Programs that every host with a network runs. */
export const programs: Readonly<Record<string, NetworkProgram>> = {
  "a request has a method, fields and a body": http(
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const seen = [request.method, pathname + search, request.headers.get("x-own"), await request.text()];
      return Response.json(seen, { status: 201 });
    },
    async (url) => {
      const response = await fetch(`${url}a/b?q=%20#part`, { method: "PUT", headers: { "X-Own": "1" }, body: "text" });
      return [response.status, response.ok, new URL(response.url).pathname, await response.json()];
    },
  ),
  "a request is made of a Request, of bytes, of parameters": http(
    async (request) => new Response(`${request.headers.get("content-type")}: ${await request.text()}`),
    async (url) => [
      await (await fetch(new Request(url, { method: "POST", body: "of a request" }))).text(),
      await (await fetch(url, { method: "POST", body: new TextEncoder().encode("of bytes") })).text(),
      await (await fetch(new URL(url), { method: "POST", body: new URLSearchParams({ a: "1" }) })).text(),
    ],
  ),
  "answers to HEAD, and such of 204 and 304, have no body": http(
    (request) => {
      const status = Number(new URL(request.url).pathname.slice(1));
      return new Response(status === 200 ? "body" : null, { status, headers: { "x-own": "1" } });
    },
    async (url) => {
      const seen = [];
      for (const [method, status] of [["HEAD", 200], ["GET", 204], ["GET", 304], ["GET", 200]] as const) {
        const response = await fetch(`${url}${status}`, { method });
        seen.push([response.status, response.headers.get("x-own"), await response.text()]);
      }
      return seen;
    },
  ),
  "a redirect is followed, as its status says": http(led, async (url) => {
    const seen = [];
    for (const status of [301, 302, 303, 307, 308]) {
      for (const method of ["GET", "POST"]) {
        const body = method === "POST" ? "text" : null;
        const response = await fetch(`${url}${status}`, { method, body, headers: { "content-language": "en" } });
        seen.push([status, response.redirected, new URL(response.url).pathname, await response.json()]);
      }
    }
    return seen;
  }),
  "a redirect is an error or the answer, where it is asked for": http(led, async (url) => {
    const manual = await fetch(`${url}302`, { redirect: "manual" });
    await manual.body?.cancel();
    return [
      manual.status,
      manual.redirected,
      await rejects(fetch(`${url}302`, { redirect: "error" })),
    ];
  }),
  "redirects without an end are an error": http(
    (request) => new Response(null, { status: 302, headers: { location: new URL(request.url).pathname } }),
    async (url) => await rejects(fetch(`${url}again`)),
  ),
  "each cookie is a field of its own": http(
    () => {
      const headers = new Headers([["set-cookie", "a=1; Path=/"], ["set-cookie", "b=2"], ["x-list", "1"], [
        "x-list",
        "2",
      ]]);
      return new Response("", { headers });
    },
    async (url) => {
      const { headers } = await fetch(url);
      return [headers.getSetCookie(), headers.get("x-list")];
    },
  ),
  "a long body comes whole": http(
    async (request) => {
      const bytes = new Uint8Array(await request.arrayBuffer());
      return new Response(bytes.map((byte) => byte ^ 255));
    },
    async (url) => {
      const sent = new Uint8Array(1_000_000).map((_, index) => index % 251);
      const came = new Uint8Array(await (await fetch(url, { method: "POST", body: sent })).arrayBuffer());
      return [came.length, came.every((byte, index) => byte === (sent[index]! ^ 255))];
    },
  ),
  "an answer comes in pieces": http(
    () => new Response(chunks("one ", "two ", "three")),
    async (url) => {
      const response = await fetch(url);
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (let read = await reader.read(); !read.done; read = await reader.read()) text += read.value;
      return text;
    },
  ),
  "a handler that throws is an answer of 500": http(
    () => {
      throw new Error("no");
    },
    async (url) => (await fetch(url)).status,
  ),
  "an answer that fails midway fails its reader": http(
    () => {
      let count = 0;
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await sleep(5);
          if (++count > 2) throw new Error("no more");
          controller.enqueue(new Uint8Array(10));
        },
      });
      return new Response(body);
    },
    async (url) => {
      const response = await fetch(url);
      return [response.status, await rejects(response.arrayBuffer())];
    },
  ),
  "a fetch that is aborted rejects with the reason, at each moment": http(
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/wait") await sleep(500);
      return new Response(chunks("one", ...Array.from({ length: 50 }, () => "more")));
    },
    async (url) => {
      const seen = [];
      seen.push(await failureOf(fetch(url, { signal: AbortSignal.abort() })));
      seen.push(await failureOf(fetch(url, { signal: AbortSignal.abort(new RangeError("own")) })));
      seen.push(await failureOf(fetch(`${url}wait`, { signal: AbortSignal.timeout(50) })));
      const waiting = new AbortController();
      setTimeout(() => waiting.abort(), 50);
      seen.push(await failureOf(fetch(`${url}wait`, { signal: waiting.signal })));
      const reading = new AbortController();
      const response = await fetch(url, { signal: reading.signal });
      const reader = response.body!.getReader();
      await reader.read();
      reading.abort();
      seen.push(
        await failureOf((async () => {
          while (!(await reader.read()).done);
        })()),
      );
      return seen;
    },
  ),
  "a client that leaves cancels its request": (() => {
    let ended = "";
    return http(
      async (request) => {
        if (new URL(request.url).pathname === "/ended") return new Response(ended);
        ended = "running";
        try {
          await sleep(1000);
        } catch (error) {
          ended = (error as Error).name;
          throw error;
        }
        return new Response("late");
      },
      async (url) => {
        await fetch(url, { signal: AbortSignal.timeout(50) }).catch(() => {});
        await sleep(50);
        return await (await fetch(`${url}ended`)).text();
      },
    );
  })(),
  "a request body may be longer than is allowed": {
    async serve(port) {
      const server = await serve(async (request) => new Response(await request.text()), { port, bodyLimit: 10 });
      return { port: Number(server.url.port || 80), close: async () => void await server.drain({ grace: 100 }) };
    },
    async client(hostname, port) {
      const statuses = [];
      for (const body of ["short", "far too long for it"]) {
        const response = await fetch(`http://${hostname}:${port}/`, { method: "POST", body });
        await response.text();
        statuses.push(response.status);
      }
      return statuses;
    },
  },
  "bytes both ways, and halves that end": tcp(async (connection) => {
    const text = await textOf(connection);
    await connection.write(text.toUpperCase());
    await connection.end();
  }, async (connection) => {
    await connection.write("one ");
    await connection.write("two");
    await connection.end();
    return [await textOf(connection), await failureOf(connection.write("more"))];
  }),
  "a long stream of bytes waits for its reader": tcp(async (connection) => {
    await sleep(50);
    let length = 0;
    for await (const chunk of connection) length += chunk.length;
    await connection.write(String(length));
    await connection.end();
  }, async (connection) => {
    for (let count = 0; count < 64; count++) await connection.write(new Uint8Array(65_536));
    await connection.end();
    return await textOf(connection);
  }),
  "whose other side closes sees the end": tcp(async (connection) => {
    await connection.write("bye");
    await connection.end();
  }, async (connection) => [await textOf(connection), await connection.read() === undefined]),
  "whose bytes were left unread sees a reset": tcp(async (connection) => {
    await connection.write("x");
    await sleep(50);
  }, async (connection) => {
    await connection.read();
    await connection.write("unread");
    return await failureOf(connection.read());
  }),
  "where nobody listens a connection is refused": {
    async serve(port) {
      const listener = await listen({ port });
      const { port: free } = listener;
      await listener.close();
      return { port: free, close: () => Promise.resolve() };
    },
    client: async (hostname, port) => [
      await failureOf(connect({ hostname, port })),
      await failureOf(
        fetch(`http://${hostname}:${port}/`).catch((error) => {
          throw Object.assign(new Error(), { name: error instanceof Error ? "an error" : "none" });
        }),
      ),
    ],
  },
};
