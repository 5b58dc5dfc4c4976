/** Which request runs, which waits, and what a server listens on. */

import { existsSync } from "node:fs";
import https from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { serve, type Server } from "../../../io/mod.ts";
import { CancelScope, group, sleep } from "../../../mod.ts";
import { certificate } from "../../support/certificate.ts";
import { withFolder } from "../../support/folder.ts";
import { ask, RawClient } from "../../support/http.ts";
import { latch } from "../../support/latch.ts";
import { spin } from "../../support/spin.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

test("a request is answered by its handler, which gets the request whole", async () => {
  await withServer(
    async (request) => {
      const url = new URL(request.url);
      return Response.json({
        method: request.method,
        path: url.pathname,
        query: url.search,
        header: request.headers.get("x-test"),
        body: await request.text(),
      }, { status: 201, headers: { "x-answer": "yes" } });
    },
    {},
    async (server) => {
      const response = await fetch(new URL("/a/b?c=d", server.url), {
        method: "PUT",
        body: "hällo",
        headers: { "x-test": "1" },
      });
      assertEquals(response.status, 201);
      assertEquals(response.headers.get("x-answer"), "yes");
      assertEquals(await response.json(), { method: "PUT", path: "/a/b", query: "?c=d", header: "1", body: "hällo" });
      assertEquals(server.url.href, `http://127.0.0.1:${server.port}/`);
    },
  );
});

test("a port in use is an error with the system's code that says where", async () => {
  await withServer(() => new Response(""), {}, async (server) => {
    const error = await assertRejects(() => serve(() => new Response(""), { port: server.port }), Error, "in use");
    assertEquals((error as { code?: string }).code, "EADDRINUSE");
    assert(error.message.includes(String(server.port)), error.message);
    // In a group the server is a task; the error is the caller's, not the group's.
    await group(async () => {
      await assertRejects(() => serve(() => new Response(""), { port: server.port }), Error, "in use");
    });
  });
});

test("with all slots taken requests wait, first in, first out; past the queue's limit they are 503 with Retry-After", async () => {
  const order: string[] = [];
  const go = latch();
  await withServer(
    async (request) => {
      order.push(new URL(request.url).pathname);
      await go.promise;
      return new Response("done");
    },
    { maxConcurrent: 1, queueLimit: 2 },
    async (server) => {
      const first = fetch(new URL("/1", server.url));
      await until(() => server.statistics().active === 1, "the first has its slot");
      const second = fetch(new URL("/2", server.url));
      await until(() => server.statistics().queued === 1, "the second waits");
      const third = fetch(new URL("/3", server.url));
      await until(() => server.statistics().queued === 2, "the third waits");
      const fourth = await fetch(new URL("/4", server.url));
      assertEquals(fourth.status, 503);
      assertEquals(fourth.headers.get("retry-after"), "1");
      await fourth.text();
      go.open();
      assertEquals(await Promise.all([first, second, third].map(async (it) => (await it).text())), [
        "done",
        "done",
        "done",
      ]);
      assertEquals(order, ["/1", "/2", "/3"]);
      assertEquals(server.statistics().rejected, 1);
    },
  );
});

test("a client that leaves the queue frees its place, and its handler never runs", async () => {
  const go = latch();
  const ran: string[] = [];
  await withServer(
    async (request) => {
      ran.push(new URL(request.url).pathname);
      await go.promise;
      return new Response("done");
    },
    { maxConcurrent: 1, queueLimit: 1 },
    async (server) => {
      const first = fetch(new URL("/1", server.url));
      await until(() => server.statistics().active === 1, "the first has its slot");
      const second = await ask(server, "GET /2 HTTP/1.1\nhost: a\n\n");
      await until(() => server.statistics().queued === 1, "the second waits");
      second.leave();
      await until(() => server.statistics().queued === 0, "the second has left");
      const third = fetch(new URL("/3", server.url));
      await until(() => server.statistics().queued === 1, "the third waits in its place");
      go.open();
      await Promise.all([first, third].map(async (it) => (await it).text()));
      assertEquals(ran, ["/1", "/3"]);
      assertEquals(server.statistics().disconnected, 1);
    },
  );
});

test("while the loop is late again and again, requests are 503 with Retry-After, before their handler", async () => {
  let ran = 0;
  await withServer(() => new Response(`${++ran}`), { shed: { delay: 30 } }, async (server) => {
    let stop = false;
    const load = (async () => {
      while (!stop) {
        spin(60);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    })();
    let status = 200;
    for (let round = 0; round < 50 && status === 200; round++) {
      const response = await fetch(server.url);
      status = response.status;
      if (status === 503) assertEquals(response.headers.get("retry-after"), "1");
      await response.text();
    }
    const before = ran;
    stop = true;
    await load;
    assertEquals(status, 503);
    assertEquals([server.statistics().shed, ran], [1, before]);
    for (let round = 0; round < 500 && status === 503; round++) {
      await sleep(20);
      const response = await fetch(server.url);
      status = response.status;
      await response.text();
    }
    assertEquals(status, 200);
  });
});

test("a slot is held until the body is sent and the request's tasks have ended", async () => {
  const body = latch();
  const child = latch();
  await withServer(
    (_request, context) => {
      context.group.spawn(() => child.promise);
      let pulls = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            // Bun sends the head with the first chunk.
            if (pulls++ === 0) return controller.enqueue(new TextEncoder().encode("begin "));
            await body.promise;
            controller.enqueue(new TextEncoder().encode("end"));
            controller.close();
          },
        }),
      );
    },
    {},
    async (server) => {
      const response = await fetch(server.url);
      assertEquals([server.statistics().active, server.statistics().tasks], [1, 1]);
      body.open();
      assertEquals(await response.text(), "begin end");
      assertEquals(server.statistics().active, 1);
      child.open();
      await until(() => server.statistics().active === 0, "the slot is free");
      assertEquals(server.statistics().completed, 1);
    },
  );
});

test("a stream holds the slot until its end, whatever else its response carries", async () => {
  class Fancy extends Response {
    readonly #secret = "secret";
    readonly first = 1;
    readonly second = this.#secret;
  }
  const responses: ((stream: ReadableStream) => Response)[] = [
    (stream) => new Response(stream, { status: 201, statusText: "Fine, and with quite a text" }),
    (stream) =>
      new Response(stream, { headers: { "content-type": "text/plain;charset=utf-8", "x-long": "x".repeat(500) } }),
    (stream) => new Fancy(stream),
    (stream) => Object.assign(new Response(stream), { note: "a property", [Symbol("another")]: 1 }),
    (stream) => new Response(stream).clone(),
  ];
  for (const make of responses) {
    const end = latch();
    let pulls = 0;
    const stream = new ReadableStream({
      async pull(controller) {
        if (pulls++ === 0) return controller.enqueue(new TextEncoder().encode("begin "));
        await end.promise;
        controller.enqueue(new TextEncoder().encode("end"));
        controller.close();
      },
    });
    await withServer(() => make(stream), {}, async (server) => {
      const response = await fetch(server.url);
      assertEquals(server.statistics().active, 1, `${make} was taken for a body that is there whole`);
      end.open();
      assertEquals(await response.text(), "begin end");
      await until(() => server.statistics().active === 0, "the slot is free");
    });
  }
});

test("a group waits for its server to finish", async () => {
  const log: string[] = [];
  let server!: Server;
  const done = group(async () => {
    server = await serve(() => new Response("hello"));
  }).then(() => log.push("group"));
  await until(() => server !== undefined, "the server listens");
  assertEquals(await (await fetch(server.url)).text(), "hello");
  log.push("served");
  await server.drain();
  await done;
  assertEquals(log, ["served", "group"]);
});

test("a server takes no slot of its group's limit", async () => {
  const log: string[] = [];
  await group((g) => {
    g.spawn(async () => {
      const server = await serve(() => new Response("hello"));
      log.push(await (await fetch(server.url)).text());
      await server.drain();
    });
    g.spawn(() => void log.push("next"));
  }, { limit: 1 });
  assertEquals(log, ["hello", "next"]);
});

test("a cancellation while the server opens leaves none behind", async () => {
  const probe = await serve(() => new Response("probe"));
  const port = probe.port;
  await probe.drain();
  for (const place of ["group", "scope"]) {
    if (place === "group") {
      await group((g) => {
        void serve(() => new Response("hello"), { port }).catch(() => {});
        g.cancel();
      });
    } else {
      const scope = new CancelScope();
      await scope.run(async () => {
        const opening = serve(() => new Response("hello"), { port });
        scope.cancel();
        await opening;
      });
      assert(scope.cancelCaught, "the call did not throw its cancellation");
    }
    // What was opened on the way may need a moment to close.
    let refused = false;
    for (let round = 0; round < 200 && !refused; round++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      refused = await fetch(`http://127.0.0.1:${port}/`).then((it) => it.text().then(() => false), () => true);
    }
    assert(refused, `a server was left behind by a cancelled ${place}`);
  }
});

test("a Unix socket is listened on, and taken away at the end", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "socket");
    await withServer((request) => new Response(new URL(request.url).pathname), { unix: path }, async (server) => {
      assertEquals([server.url.protocol, server.port], ["unix:", 0]);
      const client = await RawClient.open(path);
      client.send("GET /here HTTP/1.1\nhost: a\n\n");
      await client.waitFor(/\/here/);
      client.leave();
      await server.drain();
      assertEquals(existsSync(path), false);
    });
  });
});

test("with tls the server speaks it", async () => {
  await withServer((request) => new Response(new URL(request.url).protocol), { tls: certificate }, async (server) => {
    assertEquals(server.url.protocol, "https:");
    const answer = await new Promise<string>((resolve, reject) => {
      const asked = https.get(`https://localhost:${server.port}/`, { ca: certificate.cert }, (response) => {
        response.setEncoding("utf8");
        let text = "";
        response.on("data", (chunk: string) => text += chunk);
        response.on("end", () => resolve(text));
      });
      asked.on("error", reject);
    });
    assertEquals(answer, "https:");
    await server.drain();
  });
});

test("a request that is malformed is 400, and harms nobody", async () => {
  const handler = (request: Request) => new Response(new URL(request.url).pathname);
  await withServer(handler, {}, async (server) => {
    for (const text of ["NONSENSE\n\n", "GET / HTTP/1.1\nhost: a\ncontent-length: x\n\n"]) {
      const client = await ask(server, text);
      await client.closed;
      assert(/^(HTTP\/1.1 400|$)/.test(client.received), client.received);
    }
    const split = await ask(server, "GET /b HTTP/1.1\nhost: evil/a?\nconnection: close\n\n");
    await split.closed;
    // A host that is no host does not become part of the path.
    assert(/^HTTP\/1.1 400|^$/.test(split.received), split.received);
    assertEquals(await (await fetch(server.url)).text(), "/");
  });
});
