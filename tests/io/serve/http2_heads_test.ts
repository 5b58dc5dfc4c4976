import { Buffer } from "node:buffer";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { certificate } from "../../support/certificate.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { endHeaders, fields, frame, head, Http2Client, kinds, request } from "../../support/http2_frames.ts";
import { ask } from "../../support/http.ts";
import { withServer } from "./with_server.ts";

const host = hostOfThis();

type Field = [name: string, value: string];

const without = (name: string): Field[] => request().filter((field) => field[0] !== name);
const and = (...more: Field[]): Field[] => [...request(), ...more];
const post = (...more: Field[]): Field[] => [...request("/", { method: "POST" }), ...more];
const many = (count: number, field: Field): Field[] => Array.from({ length: count }, () => field);

/** The stream is reset for it, or answered and reset, or the whole connection is given up. */
const reset = "PROTOCOL_ERROR";
const cut = "400 INTERNAL_ERROR";
const gone = "the connection: PROTOCOL_ERROR";

/** Heads that are refused, and how on each host. */
const refused: [title: string, fields: Field[], deno: string, bun?: string][] = [
  ["no method", without(":method"), reset],
  ["no path", without(":path"), reset],
  ["no scheme", without(":scheme"), reset],
  ["two authorities", and([":authority", "b.test"]), reset],
  ["two hosts", and(["host", "a.test"], ["host", "b.test"]), cut, reset],
  ["an empty authority", request("/", { authority: "" }), reset],
  ["a user in its authority", request("/", { authority: "u@a" }), cut, reset],
  ["an authority that is none", request("/", { authority: "a:b:c" }), reset, "400"],
  ["a slash in its authority", request("/", { authority: "a/b" }), reset, "400"],
  ["a space in its authority", request("/", { authority: "a b" }), reset, "400"],
  ["a number as its authority", request("/", { authority: "127.1" }), cut, "400"],
  ["an empty path", request(""), reset],
  ["a space in its path", request("/a b"), reset],
  ["ends of lines in its path", request("/a HTTP/1.1\r\nhost: b\r\n\r\n"), reset],
  ["a star as the path of GET", request("*"), cut, reset],
  ["a star as the path of OPTIONS", request("*", { method: "OPTIONS" }), cut, "400"],
  ["a method that nobody knows", request("/", { method: "FOO" }), "501"],
  ["a method in small letters", request("/", { method: "get" }), "501"],
  ["the method TRACE", request("/", { method: "TRACE" }), "405"],
  ["a space in its method", request("/", { method: "GET /x" }), gone, reset],
  ["the method CONNECT", [[":method", "CONNECT"], [":authority", "a.test:80"]], "405", "404"],
  ["a WebSocket", [...request("/", { method: "CONNECT" }), [":protocol", "websocket"]], reset],
  ["a field before the first ones", [["x", "y"], ...request()], reset],
  ["the status of an answer", [[":status", "200"], ...request()], reset],
  ["a colon before a field of its own", and([":x", "y"]), gone, reset],
  ["capitals in a name", and(["X-A", "y"]), gone, reset],
  ["a space in a name", and(["x a", "y"]), gone, reset],
  ["a colon in a name", and(["x:a", "y"]), gone, reset],
  ["ends of lines in a name", and(["x\r\ny", "z"]), gone, reset],
  ["an empty name", and(["", "y"]), gone, "the connection: COMPRESSION_ERROR"],
  ["ends of lines in a value", and(["x", "a\r\nhost: b"]), gone, reset],
  ["a line feed in a value", and(["x", "a\nb"]), gone, reset],
  ["a NUL in a value", and(["x", "a\0b"]), gone, reset],
  ["a control character in a value", and(["x", "a\x01b"]), gone, reset],
  ["a connection field", and(["connection", "close"]), reset],
  ["a coding", post(["transfer-encoding", "chunked"]), reset],
  ["keep-alive", and(["keep-alive", "x"]), reset],
  ["an upgrade", and(["upgrade", "websocket"]), reset],
  ["an offer of gzip for its body", and(["te", "gzip"]), reset],
  ["a length that is none", post(["content-length", "+3"]), reset],
  ["two lengths", post(["content-length", "3"], ["content-length", "4"]), reset],
  ["a length and no body", and(["content-length", "3"]), reset],
  ["1,000 cookies", and(...many(1000, ["cookie", "a"])), "431", "the connection: ENHANCE_YOUR_CALM"],
  ["300 fields of 60 bytes", and(...many(300, ["x", "f".repeat(60)])), "431"],
  ["a field of 20 KiB", and(["x", "f".repeat(20_480)]), "431"],
];
/** Heads that only one host refuses: the other shows too little of them. The url is the one that a handler gets there. */
const served: [title: string, fields: Field[], deno: string | RegExp, bun: string | RegExp][] = [
  ["no authority", without(":authority"), /^https:\/\/localhost:\d+\/$/, reset],
  ["a host beside another authority", and(["host", "b.test"]), /^https:\/\/a\.test\/$/, reset],
  ["a host alone", [...without(":authority"), ["host", "b.test"]], /^https:\/\/b\.test\/$/, /^https:\/\/b\.test\/$/],
  ["another scheme", request("/", { scheme: "http" }), cut, /^https:\/\/a\.test\/$/],
  ["the scheme of something else", request("/", { scheme: "ftp" }), cut, /^https:\/\/a\.test\/$/],
  ["a path without a slash", request("admin"), /^https:\/\/a\.test\/admin$/, reset],
  ["a whole url as its path", request("http://b.test/x"), /^https:\/\/a\.test\/http:\/\/b\.test\/x$/, reset],
  ["a fragment in its path", request("/a#b"), /^https:\/\/a\.test\/a$/, "400"],
  ["bytes beyond ASCII in its path", request("/\xe9"), gone, /^https:\/\/a\.test\/%EF%BF%BD$/],
  ["white space around a value", and(["x", " a "]), /^https:\/\/a\.test\/$/, reset],
  ["300 short fields", and(...many(300, ["x", ""])), /^https:\/\/a\.test\/$/, "431"],
  ["DEL in a value", and(["x", "a\x7fb"]), gone, /^https:\/\/a\.test\/$/],
  ["two slashes and a name", request("//evil/x"), /^https:\/\/a\.test\/\/evil\/x$/, /^https:\/\/a\.test\/\/evil\/x$/],
];

/** Frames of a head, as many as it takes. */
function headOf(list: Field[]): Buffer {
  const block = fields(list);
  const first = frame(kinds.headers, 1 | (block.length > 16_384 ? 0 : endHeaders), 1, block.subarray(0, 16_384));
  if (block.length <= 16_384) return first;
  return Buffer.concat([first, frame(kinds.continuation, endHeaders, 1, block.subarray(16_384))]);
}

/** Asks with each head, on a connection of its own; answers how each ended, with the url of its handler where one ran. */
async function answersTo(heads: readonly (readonly [title: string, list: Field[], ...rest: unknown[]])[]) {
  const ran: string[] = [];
  const errors: unknown[] = [];
  const ends: [title: string, end: string][] = [];
  const handler = (it: Request) => (ran.push(it.url), new Response(""));
  await withServer(handler, { tls: certificate, onError: (error) => errors.push(error) }, async (server) => {
    for (const [title, list] of heads) {
      const client = await Http2Client.open(server.port);
      client.send(headOf(list));
      const end = await client.endOf(1);
      const state = await client.state();
      ends.push([title, [state === "open" ? end : `the connection: ${state}`, ...ran.splice(0)].join(" ")]);
      client.leave();
    }
    const client = await Http2Client.open(server.port);
    client.send(head(1, request("/ordinary")));
    assertEquals([await client.endOf(1), ...ran], ["200", "https://a.test/ordinary"]);
    client.leave();
    assertEquals([server.statistics().active, errors], [0, []]);
  });
  return ends;
}

if (host === "deno" || host === "bun") {
  test("heads of HTTP/2 that two servers could read in two ways reach no handler, and the server goes on", async () => {
    const wanted = refused.map(([title, , deno, bun = deno]) => [title, host === "deno" ? deno : bun]);
    assertEquals(await answersTo(refused), wanted);
  });

  test("heads of HTTP/2 that this host shows only in part, if it does, are served with a url that can be parsed", async () => {
    const ends = await answersTo(served);
    for (const [index, [title, , deno, bun]] of served.entries()) {
      const wanted = host === "deno" ? deno : bun;
      const end = ends[index]![1];
      if (typeof wanted === "string") assertEquals(end, wanted, title);
      else {
        const [status, url = ""] = end.split(" ");
        assertEquals([status, wanted.test(url), new URL(url).href], ["200", true, url], `${title}: ${end}`);
      }
    }
  });

  for (const [title, length] of [["more", 5], ["less", 2]] as const) {
    test(`a body of HTTP/2 with ${title} bytes than were announced cannot be read`, async () => {
      let read: unknown;
      const handler = async (it: Request) => {
        read = await it.text().catch(() => "rejected");
        return new Response("");
      };
      await withServer(handler, { tls: certificate }, async (server) => {
        const client = await Http2Client.open(server.port);
        client.send(
          head(1, post(["content-length", `${length}`]), endHeaders),
          frame(kinds.data, 1, 1, Buffer.from("abc")),
        );
        assertEquals(await client.endOf(1), reset);
        assertEquals(await client.state(), "open");
        client.leave();
      });
      assertEquals(read, "rejected");
    });
  }
}

test("without TLS a client that begins with HTTP/2 is refused, whatever it asks for", async () => {
  const ran: string[] = [];
  await withServer((it) => (ran.push(it.url), new Response("")), {}, async (server) => {
    if (host === "deno") {
      // Deno reads it, but shows nothing by which it could be told from a request of HTTP/1.1 without a host.
      const client = await Http2Client.open(server.port, { isPlain: true });
      client.send(head(1, request("/", { scheme: "http" })));
      assertEquals(await client.endOf(1), cut);
      client.leave();
    } else {
      const client = await ask(server, "PRI * HTTP/2.0\n\nSM\n\n");
      client.socket.write(Buffer.concat([frame(kinds.settings, 0, 0), head(1)]));
      await client.closed;
      assertEquals(/^HTTP\/1\.1 (?:400|505) /.test(client.received), true, client.received);
    }
  });
  assertEquals(ran, []);
});
