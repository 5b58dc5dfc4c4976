/** What a handler sees of the fields and of the body of its request, alike on every host. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Handler } from "../../../io/mod.ts";
import { ask } from "../../support/http.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

/** What a handler finds of the request that is sent. */
async function seen<T>(request: string, look: (request: Request) => T): Promise<T> {
  let found: { value: T } | undefined;
  await withServer((it) => (found = { value: look(it) }, new Response("seen")), {}, async (server) => {
    const client = await ask(server, request);
    await client.waitFor(/seen/);
    client.leave();
  });
  return found!.value;
}

test("a field that comes twice has both values, joined by a comma, and cookies by a semicolon", async () => {
  const head =
    "GET / HTTP/1.1\nhost: a\nauthorization: b\nAuthorization: c\ncookie: d=1\ncookie: e=2\ncontent-type: f\ncontent-type: g\n\n";
  assertEquals(
    await seen(head, ({ headers }) => ["authorization", "cookie", "content-type"].map((name) => headers.get(name))),
    ["b, c", "d=1; e=2", "f, g"],
  );
});

test("names that objects have are names like others, and an underscore is no hyphen", async () => {
  const names = ["__proto__", "constructor", "hasownproperty", "content_length", "transfer_encoding"];
  const head = `POST / HTTP/1.1\nhost: a\n${
    names.map((name) => `${name}: ${name}\n`).join("")
  }content-length: 3\n\nabc`;
  assertEquals(await seen(head, ({ headers }) => names.map((name) => headers.get(name))), names);
  assertEquals(await seen(head, ({ headers }) => headers.get("content-length")), "3");
});

test("what a client says of proxies changes neither the url nor the address", async () => {
  const head =
    "GET /x HTTP/1.1\nhost: a\nforwarded: host=evil;proto=https\nx-forwarded-host: evil\nx-forwarded-proto: https\n\n";
  assertEquals(await seen(head, ({ url }) => url), "http://a/x");
});

test("bytes beyond ASCII in a value arrive as the same characters", async () => {
  assertEquals(
    await seen("GET / HTTP/1.1\nhost: a\nx-a: \xe9\xff\n\n", ({ headers }) => headers.get("x-a")),
    "\xe9\xff",
  );
});

test("the bytes of a body that nobody reads are never run, whatever the method and the answer", async () => {
  const ran: string[] = [];
  const handler: Handler = (request, context) => {
    const { pathname } = new URL(request.url);
    ran.push(pathname);
    switch (pathname) {
      case "/404":
        return new Response("", { status: 404 });
      case "/redirect":
        return Response.redirect("http://a/");
      case "/204":
        return new Response(null, { status: 204 });
      case "/throws":
        throw new Error("no cheese");
      case "/stream":
        return new Response(new Blob(["stream"]).stream());
      case "/426":
        return context.upgrade(() => {});
      default:
        return new Response("x");
    }
  };
  const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  const bodies = [
    `content-length: ${smuggled.length}\n\n${smuggled}`,
    `transfer-encoding: chunked\n\n${smuggled.length.toString(16)}\n${smuggled}\n0\n\n`,
  ];
  await withServer(handler, { onError: () => {}, bodyLimit: 1000 }, async (server) => {
    for (const method of ["GET", "HEAD", "POST", "DELETE", "OPTIONS"]) {
      for (const path of ["/404", "/redirect", "/204", "/throws", "/stream", "/426", "/ok"]) {
        for (const body of bodies) {
          const client = await ask(
            server,
            `${method} ${path} HTTP/1.1\nhost: a\n${body}GET /next HTTP/1.1\nhost: a\nconnection: close\n\n`,
          );
          // Deno, which closes the connection where a body was left unread, may reset it.
          await client.closed;
          assert(/^HTTP\/1\.1 \d/.test(client.received), `${method} ${path}: ${client.received}`);
        }
      }
    }
    assertEquals(ran.filter((path) => path === "/smuggled"), []);
    await until(() => server.statistics().active === 0, "every slot is free");
  });
});
