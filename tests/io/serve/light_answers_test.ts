/** Answers that are there whole, of `text`, `json`, `html` and `bytes`: nobody can tell them from the host's own. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { bytes, html, json, text } from "../../../io/mod.ts";
import { errors } from "../../support/errors.ts";
import { ask } from "../../support/http.ts";
import { utf8 } from "../../support/web_socket.ts";
import { withServer } from "./with_server.ts";

/** A look at an answer; what it answers is the same for one of the host's own. */
type Look = (response: Response) => unknown;

const looks: Record<string, Look> = {
  "is one of its class": (response) => [response instanceof Response, response.constructor === Response],
  "has the name of its class": (response) => [Object.prototype.toString.call(response), String(response)],
  "has no keys of its own": (response) => Object.keys(response),
  "tells its status": (
    { status, statusText, ok, redirected, type, url },
  ) => [status, statusText, ok, redirected, type, url],
  "has fields": ({ headers }) => [headers.get("content-type"), [...headers].length],
  "has fields that can be changed": (response) => {
    response.headers.set("x-id", "1");
    return [response.headers.get("x-id"), response.clone().headers.get("x-id")];
  },
  "has a body": (
    response,
  ) => [response.body instanceof ReadableStream, response.bodyUsed, response.body === response.body],
  "gives its text": async (response) => [await response.text(), response.bodyUsed],
  "gives its bytes": async (response) => [...new Uint8Array(await response.arrayBuffer())],
  "gives its JSON": (response) => response.json(),
  "is read once": async (response) => [await response.text(), await response.text()],
  "is cloned": async (response) => [await response.clone().text(), await response.text()],
  "is not cloned when it is read": async (response) => {
    await response.text();
    return response.clone();
  },
  "is wrapped": async (response) => {
    const wrapped = new Response(response.body, response);
    return [wrapped.status, wrapped.headers.get("content-type"), await wrapped.text()];
  },
  "gives its body on": async (response) => {
    const wrapped = new Response(response.body, { status: 201 });
    return [await wrapped.text(), response.bodyUsed];
  },
  "has the members of its class": (response) => Object.keys(Response.prototype).filter((name) => !(name in response)),
};

async function outcome(look: Look, response: Response): Promise<unknown> {
  try {
    return { value: await look(response) };
  } catch (error) {
    return { error: (error as Error).name };
  }
}

const type = (value: string) => ({ "content-type": value });
const kinds: Record<string, readonly [light: () => Response, own: () => Response]> = {
  "a text": [
    () => text("h\u00e9llo \ud83d\ude00"),
    () => new Response("h\u00e9llo \ud83d\ude00", { headers: type("text/plain; charset=utf-8") }),
  ],
  "a page": [
    () => html("<p>", { status: 404, statusText: "Not here" }),
    () => new Response("<p>", { status: 404, statusText: "Not here", headers: type("text/html; charset=utf-8") }),
  ],
  "JSON": [() => json({ a: [1] }), () => new Response('{"a":[1]}', { headers: type("application/json") })],
  "bytes": [
    () => bytes(new Uint8Array([1, 255])),
    () => new Response(new Uint8Array([1, 255]), { headers: type("application/octet-stream") }),
  ],
  "JSON with fields": [
    () => json(1, { headers: { "Cache-Control": "no-store", "content-length": "99", "Content-Type": "text/x" } }),
    () =>
      new Response("1", { headers: { "Cache-Control": "no-store", "content-length": "99", "Content-Type": "text/x" } }),
  ],
  "a text that is the last": [
    () => text("bye", { headers: [["connection", "close"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]] }),
    () =>
      new Response("bye", {
        headers: [["connection", "close"], ["set-cookie", "a=1"], ["set-cookie", "b=2"], [
          "content-type",
          "text/plain; charset=utf-8",
        ]],
      }),
  ],
  "an empty text": [() => text(""), () => new Response("", { headers: type("text/plain; charset=utf-8") })],
};

for (const [kind, [light, own]] of Object.entries(kinds)) {
  for (const [name, look] of Object.entries(looks)) {
    test(`an answer that is ${kind} ${name}, as one of the host's own does`, async () => {
      assertEquals(await outcome(look, light()), await outcome(look, own()));
    });
  }

  for (const method of ["GET", "HEAD"]) {
    test(`an answer to ${method} that is ${kind} is sent as one of the host's own is`, async () => {
      await withServer(({ url }) => url.endsWith("/own") ? own() : light(), {}, async (server) => {
        const seen = await Promise.all(["own", "light"].map(async (path) => {
          const client = await ask(server, `${method} /${path} HTTP/1.1\nhost: a\nconnection: close\n\n`);
          await client.closed;
          const [head, body] = client.received.split("\r\n\r\n");
          const fields = head!.toLowerCase().split("\r\n").filter((line) => !/^(date|vary):/.test(line)).sort();
          return [fields, body];
        }));
        assertEquals(seen[1], seen[0]);
      });
    });
  }
}

test("an answer whose fields were changed on its way is sent with them", async () => {
  const handler = (): Response => {
    const answer = json({ a: 1 });
    answer.headers.set("x-id", "7");
    return answer;
  };
  await withServer(handler, {}, async (server) => {
    const { headers, ...answer } = await fetch(server.url).then(async (it) => ({
      headers: it.headers,
      value: await it.json(),
    }));
    assertEquals([headers.get("x-id"), headers.get("content-type"), answer.value], ["7", "application/json", { a: 1 }]);
  });
});

test("an answer is sent once: a second time it is an error of the handler, as one that was read is", async () => {
  for (const make of [() => text("one"), () => new Response("one")]) {
    const { onError, seen } = errors();
    const [answer, read] = [make(), make()];
    await read.text();
    await withServer(({ url }) => url.endsWith("/read") ? read : answer, { onError }, async (server) => {
      const statuses = [];
      for (const path of ["a", "b", "read"]) {
        const response = await fetch(new URL(path, server.url));
        await response.text();
        statuses.push(response.status);
      }
      assertEquals([statuses, seen.map((error) => (error as Error).name)], [[200, 500, 500], [
        "TypeError",
        "TypeError",
      ]]);
    });
    assertEquals([answer.bodyUsed, await outcome((it) => it.text(), answer)], [true, { error: "TypeError" }]);
  }
});

test("an answer with a field that cannot be sent is an error of the handler, which the client is not shown", async () => {
  const { onError, seen } = errors();
  const handler = (): Response => json(1, { headers: { "x-id": "\x01" } });
  await withServer(handler, { onError }, async (server) => {
    const answer = await fetch(server.url);
    assertEquals([answer.status, answer.headers.get("x-id"), seen.length], [500, null, 1]);
    await answer.text();
  });
});

test("bytes are those of the moment in which the answer was made", async () => {
  const buffer = utf8("before");
  const made = bytes(buffer);
  buffer.fill(120);
  await withServer(() => made, {}, async (server) => assertEquals(await (await fetch(server.url)).text(), "before"));
});

for (const [name, unit] of [["ASCII", "a"], ["other letters", "\u00e9"], ["half of a pair", "\ud83d"]] as const) {
  test(`a long text of ${name} comes whole`, async () => {
    const value = unit.repeat(700_001);
    await withServer(() => text(value), {}, async (server) => {
      assertEquals((await (await fetch(server.url)).text()) === new TextDecoder().decode(utf8(value)), true);
    });
  });
}
