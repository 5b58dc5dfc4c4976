/** Requests that are made when they are needed: nobody can tell them from the host's own. */

import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { nativeRequest, serve, type Server } from "../../../io/mod.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { RawClient } from "../../support/http.ts";
import { withinTest } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const host = hostOfThis();
/** Are requests the host's own anyway? */
const isHosts = host === "deno" || host === "bun";
/** Do functions of the host take a lazy request for their own? */
const isWhole = host !== "node26";
const storage = new AsyncLocalStorage<string>();

/** A look at a request; what it answers is the same for one of the host's own. */
type Look = (request: Request) => unknown;

const looks: Record<string, Look> = {
  "is one of its class": (request) => [request instanceof Request, request.constructor === Request],
  "has the name of its class": (request) => [Object.prototype.toString.call(request), String(request)],
  "has no keys of its own": (request) => [Object.keys(request), JSON.stringify(request)],
  "has its url and method": ({ url, method }) => [url, method],
  "has fields by name": (
    { headers },
  ) => [headers.get("X-One"), headers.has("x-two"), headers.get("x-none"), headers.has("no")],
  "has fields that came twice": ({ headers }) => [headers.get("x-twice"), headers.get("cookie")],
  "has fields to go through": ({ headers }) => [[...headers], [...headers.keys()], [...headers.values()]],
  "calls back with fields": ({ headers }) => {
    const seen: string[] = [];
    headers.forEach((value, name) => seen.push(`${name}: ${value}`));
    return seen;
  },
  "has fields that are one": (request) => [
    request.headers === request.headers,
    request.headers instanceof Headers,
    request.headers.constructor === Headers,
    Headers.prototype.get.call(request.headers, "x-one"),
    [...new Headers(request.headers)].length,
  ],
  "refuses a name that is none": ({ headers }) => headers.get("a b"),
  "lets its fields be changed": (request) => {
    request.headers.set("x-one", "changed");
    request.headers.append("x-three", "3");
    request.headers.delete("x-two");
    const copy = request.clone();
    request.headers.set("x-late", "late");
    return [[...copy.headers], [...request.clone().headers], [...request.headers]];
  },
  "has a body": (request) => [request.body === null, request.body instanceof ReadableStream, request.bodyUsed],
  "has one body": (request) => request.body === request.body,
  "gives its text": async (request) => [await request.text(), request.bodyUsed],
  "gives its JSON": async (request) => [await request.json(), request.bodyUsed],
  "gives its bytes": async (request) => [...new Uint8Array(await request.arrayBuffer())],
  "gives a Blob": async (request) => (await request.blob()).size,
  "gives no form": async (request) => [...(await request.formData()).keys()],
  "is read once": async (request) => [await request.text(), await request.text()],
  "is read by chunks": async (request) => {
    let size = 0;
    for await (const chunk of request.body ?? []) size += chunk.byteLength;
    return [size, request.bodyUsed];
  },
  "is cloned": async (request) => {
    const copy = request.clone();
    return [copy.url, copy.method, [...copy.headers], await copy.text(), await request.text()];
  },
  "is not cloned when it is read": async (request) => {
    await request.text();
    return request.clone().url;
  },
  "is used up when it is read": async (request) => {
    await request.text();
    return [request.bodyUsed, request.body === null, request.headers.get("x-one")];
  },
  "is not read twice at once": async (request) => {
    const reads = await Promise.allSettled([request.json(), request.text(), request.arrayBuffer()]);
    return reads.map(({ status }) => status);
  },
  "has no body when that is read": async (request) => {
    await request.arrayBuffer();
    return (await request.blob()).size;
  },
  "has a signal": ({ signal }) => [signal instanceof AbortSignal, signal.aborted],
  "has one signal": (request) => request.signal === request.signal,
  "says how it is fetched": ({ mode, credentials, cache, redirect, referrer, integrity }) => [
    mode,
    credentials,
    cache,
    redirect,
    referrer,
    integrity,
  ],
  "has the members of its class": (request) => Object.keys(Request.prototype).filter((name) => !(name in request)),
  "is read in its flow of control": (request) =>
    storage.run("its own", async () => {
      await request.text();
      return storage.getStore();
    }),
};

/** Those for which functions of the host have to take the request. */
const hostsLooks: Record<string, Look> = {
  "is copied": (request) => {
    const copy = new Request(request);
    return [copy.url, copy.method, [...copy.headers]];
  },
  "is copied with other fields": (request) => [...new Request(request, { headers: { a: "b" } }).headers],
  "is copied with its changed fields": (request) => {
    request.headers.set("x-one", "changed");
    return [...new Request(request).headers];
  },
  "gives its body to a copy": async (request) => [await new Request(request).text(), request.bodyUsed],
  "is not copied when it is read": async (request) => {
    await request.text();
    return new Request(request).url;
  },
  "is read by a borrowed function": (request) => Request.prototype.text.call(request),
};

async function outcome(look: Look, request: Request): Promise<unknown> {
  try {
    return { value: await look(request) };
  } catch (error) {
    return { error: (error as Error).name };
  }
}

const fields: [string, string][] = [
  ["host", "localhost"],
  ["x-one", "1"],
  ["X-Two", "2"],
  ["x-twice", "a"],
  ["x-twice", "b"],
  ["cookie", "a=1"],
  ["cookie", "b=2"],
];
const body = '{"n":1}';

function headOf(method: string): string {
  const length = method === "GET" ? "" : `content-length: ${body.length}\r\n`;
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `${method} /a%20b/c?q=1&r HTTP/1.1\r\n${lines}${length}connection: close\r\n\r\n`;
}

/** What the host's own class makes of the same. */
function own(method: string): Request {
  const headers = [...fields, ...(method === "GET" ? [] : [["content-length", `${body.length}`]]), [
    "connection",
    "close",
  ]];
  const init: RequestInit = { method, headers: headers as [string, string][] };
  if (method === "GET") return new Request("http://localhost/a%20b/c?q=1&r", init);
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(body));
      controller.close();
    },
  });
  return new Request("http://localhost/a%20b/c?q=1&r", { ...init, body: stream, duplex: "half" } as RequestInit);
}

for (const method of isHosts ? [] : ["GET", "POST"]) {
  for (const [name, look] of Object.entries({ ...looks, ...hostsLooks })) {
    test(`a lazy request by ${method} ${name}, as one of the host's own does`, async () => {
      let seen: unknown;
      const isForHost = name in hostsLooks && !isWhole;
      const handler = async (request: Request): Promise<Response> => {
        seen = await outcome(look, isForHost ? nativeRequest(request) : request);
        return new Response(null);
      };
      await withServer(handler, { lazyRequests: true }, async (server) => {
        const client = await RawClient.open(server.port);
        client.socket.write(headOf(method) + (method === "GET" ? "" : body));
        await client.closed;
      });
      assertEquals(seen, await outcome(look, own(method)));
    });
  }
}

test("a request can be given to fetch, by nativeRequest where the host has to know it for its own", async () => {
  await withServer(
    async (request) => {
      if (request.headers.get("x-again") !== null) return new Response(`again: ${await request.text()}`);
      request.headers.set("x-again", "1");
      return await fetch(nativeRequest(request));
    },
    { lazyRequests: true },
    async (server) => {
      const answer = await fetch(server.url, { method: "POST", body: "the body" });
      assertEquals(await answer.text(), "again: the body");
    },
  );
});

test("where nothing can tell the difference, requests are lazy without being asked to be, and functions of the host take them", async () => {
  await withServer(
    async (request) => new Response([new Request(request).url, await Request.prototype.text.call(request)].join(" ")),
    {},
    async (server) => assertEquals(await (await fetch(server.url)).text(), `${server.url} `),
  );
});

test("to serve changes no global", async () => {
  const names = ["Request", "Response", "Headers", "fetch"] as const;
  const before = names.map((name) => globalThis[name]);
  const members = [Request, Response, Headers].map(({ prototype }) => Reflect.ownKeys(prototype));
  await withServer(() => new Response(null), { lazyRequests: true }, async (server) => {
    await (await fetch(server.url)).text();
  });
  assertEquals(names.map((name) => globalThis[name] === before[names.indexOf(name)]), [true, true, true, true]);
  assertEquals([Request, Response, Headers].map(({ prototype }) => Reflect.ownKeys(prototype)), members);
});

/** What a server says of a request: all that its head has made. */
const telling = ({ url, method, headers }: Request): Response =>
  new Response(JSON.stringify([url, method, headers.get("x-a"), headers.has("x-b"), [...headers]]));

/** Asks on one connection as long as it is kept. */
class Asker {
  readonly #server: Server;
  #client: RawClient | undefined;

  constructor(server: Server) {
    this.#server = server;
  }

  /** The status, and what was told. */
  async ask(head: string): Promise<string> {
    const client = this.#client ??= await RawClient.open(this.#server.port);
    client.received = "";
    client.socket.write(head, "latin1");
    const answer = /^HTTP\/1\.1 (\d+) [^]*?\r\n\r\n/;
    const [all, status] = await client.waitFor(answer);
    const length = head.startsWith("HEAD") ? 0 : Number(/content-length: (\d+)/i.exec(all)?.[1] ?? 0);
    await client.waitFor(new RegExp(`\\r\\n\\r\\n[^]{${length}}`));
    const told = client.received.slice(all.length, all.length + length);
    if (/connection: close/i.test(all)) this.close();
    return `${status} ${told}`;
  }

  close(): void {
    this.#client?.leave();
    this.#client = undefined;
  }
}

const word = fc.stringMatching(/^[\w\-.~!$&'()*+,;=:@%/?#"<>[\]^`{|}\\]{0,12}$/);
const target = fc.oneof(
  { weight: 4, arbitrary: word.map((text) => `/${text}`) },
  fc.constantFrom("/", "//", "/../a", "/a/./b", "/%2e%2e/a", "/a?'", "*", "http://other/a", "/a?b?c", "/?"),
);
const authority = fc.oneof(
  fc.constantFrom(
    "localhost",
    "LOCALHOST:80",
    "127.0.0.1:8080",
    "[::1]",
    "a.b-c.d",
    "0x7f.1",
    "a_b",
    "a:99999",
    "a:080",
  ),
  fc.stringMatching(/^[a-zA-Z\d.:-]{1,10}$/),
);
const value = fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,10}$/);
const heads = fc.record({
  method: fc.constantFrom("GET", "HEAD", "OPTIONS", "DELETE", "get", "TRACE"),
  target,
  authority,
  fields: fc.array(fc.tuple(fc.constantFrom("x-a", "X-A", "x-b", "accept", "cookie", "set-cookie"), value), {
    maxLength: 5,
  }),
}).map(({ method, target, authority, fields }) =>
  `${method} ${target} HTTP/1.1\r\nhost: ${authority}\r\n${
    fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")
  }\r\n`
);

test(
  "of 2,000 heads a lazy request tells what one of the host's own tells, or both are refused",
  { skip: isHosts },
  async () => {
    const servers = [
      await serve(telling, { lazyRequests: true }),
      await serve(telling, { lazyRequests: false }),
    ] as const;
    const [lazy, hosts] = [new Asker(servers[0]), new Asker(servers[1])];
    try {
      await withinTest(fc.assert(
        fc.asyncProperty(heads, async (head) => assertEquals(await lazy.ask(head), await hosts.ask(head))),
        { numRuns: 2000 },
      ));
    } finally {
      lazy.close();
      hosts.close();
      for (const server of servers) await server.drain({ grace: 0, force: 100 });
    }
  },
);
