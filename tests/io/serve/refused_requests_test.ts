/** Requests that no two servers would have to read alike: each is refused before its handler, and nothing behind it is run. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Server } from "../../../io/mod.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { ask } from "../../support/http.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const host = hostOfThis();

/**
 * What a host that parses the head itself does instead: its own status, the end without an answer, an answer after which it leaves the
 * connection open, one whose body is cut off to close it, or, where it shows nothing that could be refused, an ordinary answer.
 */
type Elsewhere = Partial<Record<"deno" | "bun", number | "closed" | "cut" | "open" | "served">>;

const H = "host: a\n";
const refused: [title: string, request: string, status: number, elsewhere?: Elsewhere][] = [
  ["without a host", "GET / HTTP/1.1\n\n", 400, { deno: "cut", bun: 400 }],
  ["with an empty host", "GET /x/admin HTTP/1.1\nhost:\n\n", 400, { deno: "cut" }],
  ["with two hosts", "GET / HTTP/1.1\nhost: a\nhost: a\n\n", 400],
  ["with a host that is a list", "GET / HTTP/1.1\nhost: a, b\n\n", 400, { deno: "cut" }],
  ["with a host with a path", "GET / HTTP/1.1\nhost: a/b\n\n", 400, { deno: "cut" }],
  ["with a host with a user", "GET / HTTP/1.1\nhost: u@a\n\n", 400, { deno: "cut" }],
  ["with a port that is none", "GET / HTTP/1.1\nhost: a:99999\n\n", 400, { deno: "cut" }],
  ["with a bad host beside a whole url", "GET http://a/ HTTP/1.1\nhost: a:x\n\n", 400, { deno: "cut" }],
  ["for a file", `GET file:///etc/passwd HTTP/1.1\n${H}\n`, 400, { deno: "served", bun: 400 }],
  ["for another scheme", `GET ftp://a/ HTTP/1.1\n${H}\n`, 400, { deno: "cut", bun: 400 }],
  ["of another scheme than the connection's", `GET https://a/ HTTP/1.1\n${H}\n`, 400, { deno: "cut", bun: "served" }],
  ["with a user in its url", `GET http://u@a/ HTTP/1.1\n${H}\n`, 400, { deno: "cut", bun: "served" }],
  ["with a url without a host", `GET http:///x/admin HTTP/1.1\n${H}\n`, 400, { deno: "served", bun: "served" }],
  ["with a fragment", `GET /a#b HTTP/1.1\n${H}\n`, 400, { deno: "cut" }],
  ["for a backslash", `GET /a\\..\\b HTTP/1.1\n${H}\n`, 400, { deno: "cut", bun: "served" }],
  ["for the star", `OPTIONS * HTTP/1.1\n${H}\n`, 400, { deno: "cut", bun: 400 }],
  ["for the star, with GET", `GET * HTTP/1.1\n${H}\n`, 400, { bun: 400 }],
  ["for no path", `GET admin HTTP/1.1\n${H}\n`, 400, { bun: 400 }],
  ["for a tunnel", "CONNECT a:80 HTTP/1.1\nhost: a:80\n\n", 405, { deno: "open" }],
  ["for an echo", `TRACE / HTTP/1.1\n${H}\n`, 405, { deno: "open" }],
  ["of a method that nobody knows", `FOO / HTTP/1.1\n${H}\n`, 501, { deno: "open", bun: "closed" }],
  ["of a method in small letters", `get / HTTP/1.1\n${H}\n`, 501, { deno: "open", bun: "closed" }],
  ["of HTTP/0.9", "GET /\nhost: a\n\n", 505, { deno: 400, bun: 505 }],
  ["of HTTP/2.0", `GET / HTTP/2.0\n${H}\n`, 505, { deno: 400, bun: 505 }],
  ["of HTTP/1.2", `GET / HTTP/1.2\n${H}\n`, 505, { deno: 400, bun: 505 }],
  ["with a coding that is not chunked", `POST / HTTP/1.1\n${H}transfer-encoding: gzip\n\nabc`, 400, { bun: 400 }],
  ["with a coding in quotes", `POST / HTTP/1.1\n${H}transfer-encoding: "chunked"\n\n0\n\n`, 400, { bun: 400 }],
  ["with an empty coding", `POST / HTTP/1.1\n${H}transfer-encoding:\ncontent-length: 3\n\nabc`, 400, { bun: 400 }],
  ["with a coding before chunked", `POST / HTTP/1.1\n${H}transfer-encoding: gzip, chunked\n\n0\n\n`, 501, {
    deno: "open",
    bun: 400,
  }],
  ["with a comma before chunked", `POST / HTTP/1.1\n${H}transfer-encoding: ,chunked\n\n0\n\n`, 400],
  ["with a coding in HTTP/1.0", `POST / HTTP/1.0\n${H}transfer-encoding: chunked\n\n0\n\n`, 400, { bun: 400 }],
  ["with a length and a coding", `POST / HTTP/1.1\n${H}content-length: 3\ntransfer-encoding: chunked\n\n0\n\n`, 400, {
    bun: 400,
  }],
  ["with two lengths", `POST / HTTP/1.1\n${H}content-length: 3\ncontent-length: 3\n\nabc`, 400, { deno: "cut" }],
  ["with a length that nobody can count to", `POST / HTTP/1.1\n${H}content-length: 9223372036854775807\n\nabc`, 400, {
    deno: "cut",
    bun: 400,
  }],
  ["with a length with a sign", `POST / HTTP/1.1\n${H}content-length: +3\n\nabc`, 400, { bun: 400 }],
  ["with a comma before chunked, with GET", `GET / HTTP/1.1\n${H}transfer-encoding: ,chunked\n\n0\n\n`, 400],
  ["with two lengths, with GET", `GET / HTTP/1.1\n${H}content-length: 3\ncontent-length: 3\n\nabc`, 400, {
    deno: "cut",
  }],
  ["with a coding before chunked, with GET", `GET / HTTP/1.1\n${H}transfer-encoding: gzip, chunked\n\n0\n\n`, 501, {
    deno: "open",
    bun: 400,
  }],
  ["with a length above 2^53, with HEAD", `HEAD / HTTP/1.1\n${H}content-length: 9007199254740993\n\n`, 400, {
    deno: "open",
  }],
  ["with DEL in a value", `GET / HTTP/1.1\n${H}a: b\x7fc\n\n`, 400, { deno: 400, bun: "served" }],
  ["with 101 fields", `GET / HTTP/1.1\n${H}${"a: b\n".repeat(100)}\n`, 431, { deno: "served", bun: "served" }],
  ["with 1,500 fields", `GET / HTTP/1.1\n${H}${"a: b\n".repeat(1500)}\n`, 431, { deno: 400, bun: 431 }],
  ["with a head of 20 KB", `GET / HTTP/1.1\n${H}a: ${"b".repeat(20_000)}\n\n`, 431, { deno: "served", bun: 431 }],
  ["with a target of 20 KB", `GET /${"b".repeat(20_000)} HTTP/1.1\n${H}\n`, 431, { deno: "open", bun: 431 }],
  ["that is none", "\x16\x03\x01\x02\n\n", 400, { bun: 400 }],
];

const titles = { closed: "no answer but the end", open: "refused on an open connection", served: "served" };

/** Asks what is refused, with a good request behind it. */
async function answerTo(server: Server, request: string): Promise<string> {
  const client = await ask(server, `${request}GET /behind HTTP/1.1\nhost: a\n\n`);
  const began = performance.now();
  await client.closed;
  assert(performance.now() - began < 1000, "the connection is closed late");
  return client.received;
}

for (const [title, request, status, elsewhere] of refused) {
  const own = host === "deno" || host === "bun" ? elsewhere?.[host] : undefined;
  if (own === "served" || own === "open") {
    test(`a request ${title} is ${titles[own]} here, and its url can be parsed if it has one`, async () => {
      const ran: string[] = [];
      await withServer((it) => (ran.push(new URL(it.url).href), new Response("")), {}, async (server) => {
        const client = await ask(server, request);
        await client.waitFor(own === "served" ? /^HTTP\/1.1 200 / : new RegExp(`^HTTP/1.1 ${status} `));
        if (own === "open") assert(/^connection: close\r$/im.test(client.received), client.received);
        assertEquals(ran.length, own === "served" ? 1 : 0);
        client.leave();
      });
    });
    continue;
  }
  const isCut = own === "cut";
  const answer = own === undefined || isCut ? status : own === "closed" ? titles.closed : own;
  test(`a request ${title} is ${answer}${isCut ? ", its body cut off" : ""}, the connection is closed, and nothing behind it is run`, async () => {
    const ran: string[] = [];
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    await withServer((it) => (ran.push(it.url), new Response("")), { onError }, async (server) => {
      const received = await answerTo(server, request);
      if (own === "closed") assertEquals(received, "");
      else assertEquals(received.split(" ")[1], String(answer), received);
      if (isCut) assert(/^connection: close\r$/im.test(received) && received.endsWith("\r\n\r\n"), received);
      if (own === undefined) {
        assert(/^connection: close\r$/im.test(received) && /^content-length: 0\r$/im.test(received), received);
        assertEquals(received.match(/HTTP\/1\.1/g)!.length, 1);
      }
      assertEquals([ran, errors], [[], []]);
      const { active, queued, completed } = server.statistics();
      assertEquals([active, queued, completed], [0, 0, 0]);
    });
  });
}

const served: [title: string, request: string, url: RegExp][] = [
  ["a host with a port", "GET /x HTTP/1.1\nhost: A:8080\n\n", /^http:\/\/a:8080\/x$/],
  ["an IPv6 host", "GET /x HTTP/1.1\nhost: [::1]:81\n\n", /^http:\/\/\[::1\]:81\/x$/],
  ["two slashes", "GET //evil/x HTTP/1.1\nhost: a\n\n", /^http:\/\/a\/\/evil\/x$/],
  ["dots", "GET /a/../b/%2e%2e/c HTTP/1.1\nhost: a\n\n", /^http:\/\/a\/c$/],
  ["escapes", "GET /%2F%5C%00 HTTP/1.1\nhost: a\n\n", /^http:\/\/a\/%2F%5C%00$/],
  ["a caret in its path", "GET /^?^ HTTP/1.1\nhost: a\n\n", /^http:\/\/a\/%5E\?\^$/],
  ["100 fields", `GET /x HTTP/1.1\nhost: a\n${"a: b\n".repeat(99)}\n`, /^http:\/\/a\/x$/],
  ["names of what objects have", "GET /x HTTP/1.1\nhost: a\n__proto__: b\nconstructor: c\n\n", /^http:\/\/a\/x$/],
  ["an expectation of another kind", "GET /x HTTP/1.1\nhost: a\nexpect: y\n\n", /^http:\/\/a\/x$/],
  ["a length with zeros", "POST /x HTTP/1.1\nhost: a\ncontent-length: 003\n\nabc", /^http:\/\/a\/x$/],
];
// Deno does not show the version, and takes a request of HTTP/1.1 without a host too.
if (host !== "deno") {
  served.push(["HTTP/1.0 without a host", "GET /x HTTP/1.0\n\n", /^http:\/\/127\.0\.0\.1:\d+\/x$/]);
}
// Bun shows no more than the path of a whole url.
if (host !== "bun") served.push(["a whole url", "GET http://b:81/x?y HTTP/1.1\nhost: a\n\n", /^http:\/\/b:81\/x\?y$/]);

for (const [title, request, url] of served) {
  test(`a request with ${title} is served, and its url can be parsed`, async () => {
    const seen: string[] = [];
    const handler = (it: Request) => {
      seen.push(new URL(it.url).href);
      assertEquals(it.url, seen[0]);
      return new Response("served");
    };
    await withServer(handler, {}, async (server) => {
      const client = await ask(server, request);
      await client.waitFor(/ 200 [^]*served$/);
      assert(url.test(seen[0]!), seen[0]);
      client.leave();
    });
  });
}

test("only the hosts that are allowed are served: another one is 421, so that no web site can name itself as this server", async () => {
  const ran: string[] = [];
  const handler = (it: Request) => (ran.push(it.url), new Response("mine"));
  await withServer(handler, { allowedHosts: ["localhost", "127.0.0.1", ".example.org"] }, async (server) => {
    assertEquals(await (await fetch(server.url)).text(), "mine");
    for (const name of ["localhost", `localhost:${server.port}`, "example.org", "a.example.org"]) {
      const client = await ask(server, `GET / HTTP/1.1\nhost: ${name}\n\n`);
      await client.waitFor(/ 200 /);
      client.leave();
    }
    const count = ran.length;
    for (const name of ["evil.test", "localhost.evil.test", "[::1]", "example.org.evil.test"]) {
      const client = await ask(server, `GET / HTTP/1.1\nhost: ${name}\n\n`);
      await client.waitFor(/^HTTP\/1\.1 421 [^]*connection: close/i);
      client.leave();
    }
    assertEquals(ran.length, count);
    await until(() => server.statistics().active === 0, "no slot is taken");
  });
});

test("nothing behind a request that is refused is run, also when its client has ended its side, or asked for a head alone", async () => {
  const ran: string[] = [];
  const handler = (it: Request) => (ran.push(new URL(it.url).pathname), new Response("served"));
  await withServer(handler, {}, async (server) => {
    const refused = [
      "POST /x HTTP/1.1\ncontent-length: 3\n\nabc",
      "HEAD /x HTTP/1.1\nhost:\n\n",
      `FOO /x HTTP/1.1\n${H}\n`,
      `TRACE /x HTTP/1.1\n${H}\n`,
    ];
    for (const request of refused) {
      for (const ends of [true, false]) {
        const client = await ask(server, `${request}${`GET /behind HTTP/1.1\n${H}\n`.repeat(3)}`);
        if (ends) client.socket.end();
        await client.closed;
        const other = await ask(server, `GET /other HTTP/1.1\n${H}connection: close\n\n`);
        await other.closed;
      }
    }
    assertEquals(ran, Array(2 * refused.length).fill("/other"));
  });
});
