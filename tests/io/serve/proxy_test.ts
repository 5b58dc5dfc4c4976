/** Requests handed on to another server, and answers of `fetch` given on. */

import { Buffer } from "node:buffer";
import {
  createServer,
  get,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server as NodeServer,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { brotliCompressSync, brotliDecompressSync, deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { type Handler, proxy, type ServeOptions, type Server, UpstreamError } from "../../../io/mod.ts";
import { sleep } from "../../../mod.ts";
import { errors } from "../../support/errors.ts";
import { ask } from "../../support/http.ts";
import { until, within } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

/** A server that others hand requests on to, and one that does. */
async function withUpstream(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  handler: (upstream: string) => Handler,
  body: (server: Server, upstream: NodeServer) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const upstream = createServer(answer);
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  try {
    await withServer(handler(url), options, (server) => body(server, upstream));
  } finally {
    upstream.closeAllConnections();
    upstream.close();
  }
}

const handsOn = (upstream: string): Handler => (request) => proxy(request, upstream);

/** What a request has said, as JSON. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  let body = "";
  request.setEncoding("utf8").on("data", (text) => body += text).on("end", () => {
    const { method, url, headers } = request;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ method, url, headers, body }));
  });
}

test("a request is handed on with its method, path, fields and body, and the answer comes back with its own", async () => {
  await withUpstream(
    (request, response) => {
      response.writeHead(request.url === "/made?a=1" ? 201 : 404, "Made", {
        "content-type": "text/x-own",
        "set-cookie": ["a=1", "b=2"],
        "content-length": 4,
      });
      response.end("body");
    },
    handsOn,
    async (server) => {
      const response = await fetch(new URL("/made?a=1", server.url));
      const { status, headers } = response;
      assertEquals([status, headers.get("content-type"), headers.getSetCookie()], [201, "text/x-own", ["a=1", "b=2"]]);
      assertEquals([headers.get("content-length"), await response.text()], ["4", "body"]);
      assertEquals((await fetch(new URL("/made", server.url))).status, 404);
    },
  );
  await withUpstream(echo, handsOn, async (server) => {
    const response = await fetch(new URL("/a/b?c", server.url), {
      method: "PUT",
      body: "hällo",
      headers: { "x-a": "b" },
    });
    const seen = await response.json();
    assertEquals([seen.method, seen.url, seen.body, seen.headers["x-a"]], ["PUT", "/a/b?c", "hällo", "b"]);
  });
});

test("a path that looks like another server's address stays a path, and one of the upstream goes before it", async () => {
  await withUpstream(echo, (upstream) => (request) => proxy(request, `${upstream}/base/`), async (server) => {
    for (
      const [path, wanted] of [["//evil.example/a", "/base//evil.example/a"], ["/%2e%2e/%2e%2e/a", "/base/a"], [
        "/a%2fb%5Cc?d=//e",
        "/base/a%2fb%5Cc?d=//e",
      ]]
    ) {
      const client = await ask(server, `GET ${path} HTTP/1.1\nhost: a\nconnection: close\n\n`);
      await client.closed;
      assert(client.received.includes(`"url":"${wanted}"`), client.received);
    }
  });
});

test("fields of the connection are dropped on the way there, those that it names too, and what anybody can say of proxies", async () => {
  const handler = (upstream: string): Handler => (request, { remoteAddress }) =>
    proxy(request, upstream, { headers: { "x-forwarded-for": remoteAddress ?? "?", "x-a": "ours" } });
  await withUpstream(echo, handler, async (server) => {
    const client = await ask(
      server,
      "GET / HTTP/1.1\nhost: client.example\nconnection: close, X-Secret\nx-secret: 1\nkeep-alive: 5\nte: trailers\n" +
        "proxy-authorization: Basic YTpi\nproxy-connection: close\ntrailer: x\nx-forwarded-for: 6.6.6.6\n" +
        "x-forwarded-host: evil\nforwarded: for=6.6.6.6\nx-real-ip: 6.6.6.6\nx-a: theirs\nx-b: theirs\n\n",
    );
    await client.closed;
    const { headers } = JSON.parse(client.received.match(/\{.*\}/)![0]);
    assertEquals([headers["x-forwarded-for"], headers["x-a"], headers["x-b"]], ["127.0.0.1", "ours", "theirs"]);
    assert(/^127\.0\.0\.1:\d+$/.test(headers.host), headers.host);
    for (
      const name of [
        "x-secret",
        "keep-alive",
        "te",
        "proxy-authorization",
        "proxy-connection",
        "trailer",
        "x-forwarded-host",
        "forwarded",
        "x-real-ip",
      ]
    ) assertEquals(headers[name], undefined, name);
  });
});

test("fields of the connection are dropped on the way back, those that it names too", async () => {
  await withUpstream(
    (_request, response) => {
      response.writeHead(200, {
        "connection": "x-internal, keep-alive",
        "x-internal": "1",
        "keep-alive": "timeout=99",
        "proxy-authenticate": "Basic",
        "x-a": "b",
      });
      response.end("hi");
    },
    handsOn,
    async (server) => {
      const client = await ask(server, "GET / HTTP/1.1\nhost: a\nconnection: close\n\n");
      await client.closed;
      assert(/^x-a: b$/im.test(client.received.replaceAll("\r", "")), client.received);
      assert(!/x-internal|timeout=99|proxy-authenticate/i.test(client.received), client.received);
    },
  );
});

test("an answer has one length at most, and is framed by what is sent", async () => {
  await withUpstream(
    (request, response) => {
      if (request.url === "/chunked") return void response.end("hello");
      // Not by Node, which would refuse to say it.
      request.socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nhello");
    },
    handsOn,
    async (server) => {
      for (const path of ["/chunked", "/twice"]) {
        const client = await ask(server, `GET ${path} HTTP/1.1\nhost: a\nconnection: close\n\n`);
        await client.closed;
        const lengths = client.received.match(/^content-length:.*$/gim) ?? [];
        const isChunked = /^transfer-encoding: chunked/im.test(client.received);
        assert(lengths.length + Number(isChunked) <= 1 && !/5, 5/.test(lengths.join()), client.received);
      }
    },
    { onError: () => {} },
  );
});

test("a body is streamed both ways", async () => {
  await withUpstream(
    (request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      request.on("data", (chunk) => response.write(chunk)).on("end", () => response.end());
    },
    handsOn,
    async (server) => {
      const client = await ask(
        server,
        "POST / HTTP/1.1\nhost: a\nconnection: close\ntransfer-encoding: chunked\n\n3\none\n",
      );
      await client.waitFor(/one/);
      client.send("3\ntwo\n");
      await client.waitFor(/two/);
      client.send("0\n\n");
      await client.closed;
    },
  );
});

test("who leaves lets the upstream go, before its answer and in the middle of it", async () => {
  const { onError, seen } = errors();
  let closed = 0;
  let asked = 0;
  await withUpstream(
    (request, response) => {
      asked++;
      response.on("close", () => closed++);
      if (request.url === "/begun") response.write("begun");
    },
    handsOn,
    async (server) => {
      for (const path of ["/silent", "/begun"]) {
        const before = asked;
        const client = await ask(server, `GET ${path} HTTP/1.1\nhost: a\n\n`);
        if (path === "/begun") await client.waitFor(/begun/);
        else await until(() => asked > before, "the upstream was asked");
        client.leave();
        await until(() => closed === asked, `${path}: the upstream was let go`);
      }
      await until(() => server.statistics().active === 0, "the requests have ended");
      assertEquals(seen, []);
    },
    { onError },
  );
});

test("a timeout of the request lets the upstream go, and is 504", async () => {
  let closed = 0;
  await withUpstream(
    (_request, response) => void response.on("close", () => closed++),
    handsOn,
    async (server) => {
      assertEquals((await fetch(server.url)).status, 504);
      await until(() => closed === 1, "the upstream was let go");
    },
    { timeout: 50 },
  );
});

test("an upstream without an answer is 502, and reported once as an UpstreamError with its cause", async () => {
  const { onError, seen } = errors();
  await withUpstream(
    (request) => void request.socket.destroy(),
    handsOn,
    async (server, upstream) => {
      const response = await fetch(server.url, { method: "POST", body: "x" });
      assertEquals([response.status, await response.text()], [502, "Bad Gateway\n"]);
      upstream.close();
      assertEquals((await fetch(server.url)).status, 502);
      assertEquals(seen.length, 2);
      for (const error of seen) {
        assertInstanceOf(error, UpstreamError);
        assert(error.url.href.startsWith("http://127.0.0.1:") && error.cause !== undefined);
      }
    },
    { onError },
  );
});

test("a body over the limit is 413 here, and no fault of the upstream", async () => {
  const { onError, seen } = errors();
  await withUpstream(
    echo,
    handsOn,
    async (server) => {
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          for (let count = 0; count < 20; count++) {
            controller.enqueue(new Uint8Array(1000));
            await sleep(1);
          }
          controller.close();
        },
      });
      const response = await fetch(server.url, { method: "POST", body, duplex: "half" } as RequestInit);
      assertEquals([response.status, seen], [413, []]);
    },
    { onError, bodyLimit: 5000 },
  );
});

test("answers without a body, and those that make no sense, come through or are 502", async () => {
  await withUpstream(
    (request, response) => {
      const status = request.url!.slice(1);
      if (status.startsWith("2") || status.startsWith("3")) {
        return void response.writeHead(Number(status), { etag: "a" }).end();
      }
      request.socket.end(`HTTP/1.1 ${status} Odd\r\ncontent-length: 0\r\n\r\n`);
    },
    handsOn,
    async (server) => {
      for (const status of [204, 304]) {
        const { headers, ...response } = await read(new URL(`/${status}`, server.url));
        assertEquals([response.status, headers.etag, response.body], [status, "a", ""]);
      }
      assertEquals((await read(new URL("/999", server.url))).status, 502);
    },
    { onError: () => {} },
  );
});

test("a client that waits to be told to go on is told so by us", async () => {
  await withUpstream(echo, handsOn, async (server) => {
    const client = await ask(
      server,
      "POST / HTTP/1.1\nhost: a\nconnection: close\nexpect: 100-continue\ncontent-length: 5\n\n",
    );
    await client.waitFor(/^HTTP\/1.1 100 /);
    client.send("hello");
    await client.closed;
    const { body, headers } = JSON.parse(client.received.match(/\{.*\}/)![0]);
    assertEquals([body, headers.expect], ["hello", undefined]);
  });
});

test("a redirect is the client's to follow", async () => {
  await withUpstream(
    (_request, response) => void response.writeHead(302, { location: "/there" }).end(),
    handsOn,
    async (server) => {
      const response = await fetch(server.url, { redirect: "manual" });
      assertEquals([response.status, response.headers.get("location")], [302, "/there"]);
    },
  );
});

const long = "hello ".repeat(1000);
const encoders: Record<string, (text: string) => Uint8Array> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  unknown: (text) => new TextEncoder().encode(text),
  identity: (text) => new TextEncoder().encode(text),
};

/** Encodes by the path, whatever was asked for. */
function encode(request: IncomingMessage, response: ServerResponse): void {
  const coding = request.url!.slice(1);
  const body = encoders[coding]!(long);
  response.writeHead(200, { "content-encoding": coding, "content-length": body.byteLength, "vary": "accept" });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Reads an answer as it was sent, and decodes it as its fields say: `fetch` knows not every coding on every host. */
function read(url: URL): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const answer = new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    get(url, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk) => chunks.push(chunk)).on("error", reject).on("end", () => {
        const { statusCode, headers } = response;
        const decode = decoders[headers["content-encoding"] ?? "identity"]!;
        resolve({ status: statusCode!, headers, body: new TextDecoder().decode(decode(Buffer.concat(chunks))) });
      });
    }).on("error", reject);
  });
  return within(answer, "the answer has come");
}

const decoders: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  unknown: (bytes) => bytes,
  identity: (bytes) => bytes,
};

const givers: Record<string, (upstream: string) => Handler> = {
  "proxy": handsOn,
  "what fetch has given": (upstream) => (request) =>
    fetch(new URL(new URL(request.url).pathname, upstream), { method: request.method }),
  "what fetch has given, at once": (upstream) => {
    const responses = new Map<string, Promise<Response>>();
    return async (request) => {
      const { pathname } = new URL(request.url);
      const response = responses.get(pathname) ?? fetch(new URL(pathname, upstream));
      return (await response).clone();
    };
  },
};

for (const [name, handler] of Object.entries(givers)) {
  test(`a body that the upstream has encoded can be read by the client of ${name}`, async () => {
    await withUpstream(encode, handler, async (server) => {
      for (const coding of Object.keys(encoders)) {
        const { status, headers, body } = await read(new URL(`/${coding}`, server.url));
        assertEquals([status, headers.vary, body], [200, "accept", long]);
        if (coding === "unknown") assertEquals(headers["content-encoding"], "unknown");
        const client = await ask(server, `HEAD /${coding} HTTP/1.1\nhost: a\nconnection: close\n\n`);
        await client.closed;
        assert(client.received.startsWith("HTTP/1.1 200") && client.received.endsWith("\r\n\r\n"), client.received);
      }
    });
  });
}

test("the upstream is asked for its bodies as they are", async () => {
  await withUpstream(echo, handsOn, async (server) => {
    const seen = await (await fetch(server.url, { headers: { "accept-encoding": "gzip" } })).json();
    assertEquals(seen.headers["accept-encoding"], "identity");
  });
});

test("proxy refuses wrong arguments at the call", async () => {
  const request = new Request("http://a.example/");
  assertThrows(() => proxy("http://a.example" as never, "http://b.example"), TypeError);
  for (const upstream of [3, "ftp://a", "http://u:p@a", "http://a?b", "http://a#b", "not a url", "/path"]) {
    assertThrows(() => proxy(request, upstream as never), TypeError);
  }
  assertThrows(() => proxy(request, "http://a", { header: {} } as never), TypeError);
  assertThrows(() => proxy(request, "http://a", { signal: 3 as never }), TypeError);
  const reason = new Error("mine");
  const aborted = proxy(request, "http://a.example", { signal: AbortSignal.abort(reason) });
  assertEquals(await within(aborted.catch((error) => error), "it has rejected"), reason);
});
