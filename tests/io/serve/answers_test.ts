/** What is sent, and what a handler that fails is answered with. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { json, redirect } from "../../../io/mod.ts";
import { ask } from "../../support/http.ts";
import { withServer } from "./with_server.ts";
import { errors } from "../../support/errors.ts";
import { until } from "../../support/within.ts";

test("a text is sent with its length and type, nothing as nothing, a stream in chunks", async () => {
  await withServer(
    (request) => {
      switch (new URL(request.url).pathname) {
        case "/text":
          return new Response("hello");
        case "/none":
          return new Response(null);
        case "/204":
          return new Response(null, { status: 204 });
        default:
          return new Response(new Blob(["one ", "two"]).stream());
      }
    },
    {},
    async (server) => {
      const text = await fetch(new URL("/text", server.url));
      assertEquals(text.headers.get("content-length"), "5");
      assertEquals(text.headers.get("content-type")!.toLowerCase().replace(" ", ""), "text/plain;charset=utf-8");
      assertEquals(await text.text(), "hello");
      const none = await fetch(new URL("/none", server.url));
      assertEquals([none.status, await none.text()], [200, ""]);
      const empty = await fetch(new URL("/204", server.url));
      assertEquals([empty.status, await empty.text()], [204, ""]);
      const stream = await fetch(new URL("/stream", server.url));
      assertEquals(await stream.text(), "one two");
    },
  );
});

test("HEAD is answered without a body", async () => {
  await withServer(() => new Response("hello", { headers: { "x-a": "b" } }), {}, async (server) => {
    const client = await ask(server, "HEAD / HTTP/1.1\nhost: a\n\nGET /second HTTP/1.1\nhost: a\n\n");
    await client.waitFor(/\r\n\r\n[^]*\r\n\r\nhello/);
    assertEquals(client.received.match(/HTTP\/1.1 200/g)!.length, 2);
    assert(!/\r\n\r\nhello[^]*HTTP/.test(client.received), "the answer to HEAD has a body");
    client.leave();
  });
});

test("a handler that fails is 500 without the text, reported once, and harms nobody", async () => {
  const { onError, seen } = errors();
  const bug = new Error("secret");
  await withServer(
    (request) => {
      switch (new URL(request.url).pathname) {
        case "/sync":
          throw bug;
        case "/async":
          return Promise.reject(bug);
        case "/primitive":
          throw 42;
        case "/none":
          return undefined as never;
        case "/error":
          return Response.error();
        default:
          return new Response("fine");
      }
    },
    { onError },
    async (server) => {
      for (const path of ["/sync", "/async", "/primitive", "/none", "/error"]) {
        const response = await fetch(new URL(path, server.url));
        assertEquals([response.status, await response.text()], [500, "Internal Server Error\n"]);
      }
      assertEquals(seen.slice(0, 3), [bug, bug, 42]);
      assertInstanceOf(seen[3], TypeError);
      assertInstanceOf(seen[4], TypeError);
      assertEquals(seen.length, 5);
      assertEquals(await (await fetch(server.url)).text(), "fine");
      assertEquals(server.statistics().failed, 5);
    },
  );
});

test("a response whose body was read or sent already is an error of the handler", async () => {
  const { onError, seen } = errors();
  const used = new Response("once");
  await used.text();
  await withServer(() => used, { onError }, async (server) => {
    const response = await fetch(server.url);
    assertEquals(response.status, 500);
    await response.text();
    await until(() => seen.length === 1, "the error is reported");
    assertInstanceOf(seen[0], TypeError);
  });
});

test("a body whose stream fails is not whole for the client, and the error is reported", async () => {
  const { onError, seen } = errors();
  const bug = new Error("bug");
  await withServer(
    () => {
      let pulls = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 2));
            if (pulls++ > 0) throw bug;
            controller.enqueue(new TextEncoder().encode("begin"));
          },
        }),
      );
    },
    { onError },
    async (server) => {
      const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
      await client.closed;
      assert(!client.received.includes("\r\n0\r\n\r\n"), "the body looks whole");
      await until(() => server.statistics().active === 0, "the request has ended");
      assertEquals(seen, [bug]);
      assertEquals([server.statistics().failed, server.statistics().disconnected], [1, 0]);
    },
  );
});

test("what the helpers make goes out with its length, and a redirect is followed", async () => {
  await withServer(
    (request) =>
      new URL(request.url).pathname === "/old"
        ? redirect("/new", 302, { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] })
        : json({ path: new URL(request.url).pathname }),
    {},
    async (server) => {
      const response = await fetch(new URL("/old", server.url));
      assertEquals(response.headers.get("content-length"), String('{"path":"/new"}'.length));
      assertEquals(await response.json(), { path: "/new" });
      assert(response.redirected);
      const cookies = await fetch(new URL("/old", server.url), { redirect: "manual" });
      assertEquals(cookies.headers.getSetCookie(), ["a=1", "b=2"]);
    },
  );
});
