import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import http from "node:http";
import { test } from "node:test";
import { promisify } from "node:util";
import { assert, assertEquals } from "@std/assert";
import type { Server } from "../../../io/mod.ts";
import { sleep } from "../../../mod.ts";
import { start } from "../../support/child.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { commandFor, hostOfThis, root } from "../../support/hosts.ts";
import { ask, RawClient } from "../../support/http.ts";
import { latch } from "../../support/latch.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const host = hostOfThis();
const isNode = host.startsWith("node");

/** Answers with the path of the request. */
const echoPath = (request: Request) => new Response(new URL(request.url).pathname);
const echoBody = async (request: Request) => new Response(await request.text());

/** What comes for a request up to the end of the connection. */
async function answerTo(server: Server, text: string): Promise<string> {
  const client = await ask(server, text);
  await client.closed;
  return client.received;
}

test("requests that no two servers would read alike are refused, and the next one is served", async () => {
  const framings = [
    "content-length: 3\ntransfer-encoding: chunked",
    "content-length: 3\ncontent-length: 4",
    "content-length: -1",
  ];
  let ran = 0;
  await withServer((request) => (ran++, echoPath(request)), {}, async (server) => {
    for (const framing of framings) {
      const answer = await answerTo(server, `POST / HTTP/1.1\nhost: a\n${framing}\n\n0\n\n`);
      assert(/^(HTTP\/1.1 (400|501)[^]*|)$/.test(answer) && !/ 200 /.test(answer), `${framing}: ${answer}`);
    }
    assertEquals(ran, 0);
    assertEquals(await (await fetch(new URL("/next", server.url))).text(), "/next");
  });
});

test("a head that is too large is refused before the handler: from 16 KiB on Node and Bun, from some 63 KiB on Deno", async () => {
  let ran = 0;
  await withServer((request) => (ran++, echoPath(request)), {}, async (server) => {
    const size = host === "deno" ? 66_000 : 20_000;
    const answer = await answerTo(server, `GET / HTTP/1.1\nhost: a\nx-a: ${"y".repeat(size)}\n\n`);
    assert(host === "deno" ? /^(HTTP\/1.1 4|$)/.test(answer) : /^HTTP\/1.1 431 /.test(answer), answer.slice(0, 100));
    assertEquals(ran, 0);
    assertEquals(await (await fetch(server.url)).text(), "/");
  });
});

test("a chunk of a body that is none ends the connection, and is no error of the handler", async () => {
  const seen: unknown[] = [];
  await withServer(echoBody, { onError: (error) => seen.push(error) }, async (server) => {
    const answer = await answerTo(server, "POST / HTTP/1.1\nhost: a\ntransfer-encoding: chunked\n\nzz\nabc\n0\n\n");
    assert(/^(HTTP\/1.1 400|$)/.test(answer), answer);
    await until(() => server.statistics().active === 0, "the request has ended");
    assertEquals(seen, []);
  });
});

test("methods that the standard's Request forbids are refused, without a handler", async () => {
  let ran = 0;
  await withServer((request) => (ran++, echoPath(request)), {}, async (server) => {
    for (const line of ["TRACE /", "CONNECT a:80"]) {
      const client = await ask(server, `${line} HTTP/1.1\nhost: a\nconnection: close\n\n`);
      await client.closed;
      assert(/^(HTTP\/1.1 40[05]|$)/.test(client.received), `${line}: ${client.received}`);
      client.leave();
    }
    assertEquals(ran, 0);
  });
});

test("a body with trailers is read without them", async () => {
  await withServer(echoBody, {}, async (server) => {
    const body = "transfer-encoding: chunked\ntrailer: x-t\n\n3\nabc\n0\nx-t: 1\n\n";
    const client = await ask(server, `POST / HTTP/1.1\nhost: a\n${body}`);
    await client.waitFor(/\r\n\r\nabc/);
    client.leave();
  });
});

test("a client that waits for 100 Continue gets it when the body is wanted", async () => {
  await withServer(echoBody, { bodyLimit: 1000 }, async (server) => {
    const head = "POST / HTTP/1.1\nhost: a\nexpect: 100-continue\n";
    const client = await ask(server, `${head}content-length: 3\n\n`);
    await client.waitFor(/^HTTP\/1.1 100 /);
    client.send("abc");
    await client.waitFor(/200 OK[^]*abc$/);
    client.leave();
    const refused = await ask(server, `${head}content-length: 3000\n\n`);
    await refused.waitFor(/HTTP\/1.1 413 /);
    // The other hosts say it at once, to whomever.
    if (isNode) assert(!/ 100 /.test(refused.received), refused.received);
    refused.leave();
  });
});

test("a request for an upgrade that the handler does not want is answered like any other", async () => {
  await withServer(echoPath, {}, async (server) => {
    for (
      const upgrade of ["websocket\nsec-websocket-version: 13\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "h2c"]
    ) {
      const client = await ask(server, `GET /plain HTTP/1.1\nhost: a\nconnection: upgrade\nupgrade: ${upgrade}\n\n`);
      await client.waitFor(/^HTTP\/1.1 200 [^]*\/plain$/);
      client.leave();
    }
  });
});

test("204, 205 and 304 have no body, and the connection goes on", async () => {
  const handler = (request: Request) => {
    const path = new URL(request.url).pathname;
    if (path === "/end") return new Response("end");
    return new Response(null, { status: Number(path.slice(1)), headers: { etag: '"a"' } });
  };
  await withServer(handler, {}, async (server) => {
    const paths = ["/204", "/304", "/205", "/end"];
    const client = await ask(server, paths.map((path) => `GET ${path} HTTP/1.1\nhost: a\n\n`).join(""));
    await client.waitFor(/\r\n\r\nend$/);
    assertEquals(
      client.received.match(/HTTP\/1.1 (\d+)/g),
      paths.map((it) => `HTTP/1.1 ${it === "/end" ? 200 : it.slice(1)}`),
    );
    // The head of one is followed by that of the next.
    assertEquals(client.received.match(/\r\n\r\nHTTP/g)?.length, 3);
    client.leave();
  });
});

test("pipelined requests are handled one after the other, and answered in their order; Bun closes the connection when one has to wait", async () => {
  let running = 0;
  const handler = async (request: Request) => {
    assertEquals(++running, 1);
    await sleep(1);
    running--;
    return new Response(new URL(request.url).pathname + ";");
  };
  await withServer(handler, {}, async (server) => {
    const client = await ask(server, [1, 2, 3].map((path) => `GET /${path} HTTP/1.1\nhost: a\n\n`).join(""));
    if (host === "bun") {
      await client.closed;
      assertEquals(client.received, "");
      return await until(() => server.statistics().active === 0, "no slot is taken");
    }
    await client.waitFor(/\/3;$/);
    assertEquals(client.received.match(/\/\d;/g), ["/1;", "/2;", "/3;"]);
    client.leave();
  });
});

test("a keep-alive agent sends many requests over one connection", async () => {
  await withServer(echoPath, {}, async (server) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    for (let count = 0; count < 20; count++) {
      const text = await new Promise<string>((resolve, reject) => {
        const asked = http.get({ port: server.port, host: "127.0.0.1", path: `/${count}`, agent }, (response) => {
          sockets.add(response.socket.localPort);
          let all = "";
          response.setEncoding("utf8").on("data", (chunk: string) => all += chunk).on("end", () => resolve(all));
        });
        asked.on("error", reject);
      });
      assertEquals(text, `/${count}`);
    }
    agent.destroy();
    if (host !== "bun") assertEquals(sockets.size, 1);
  });
});

test("a client that ends its side early still gets its answer", async () => {
  await withServer(echoPath, {}, async (server) => {
    const client = await RawClient.open(server.port);
    client.socket.end("GET /here HTTP/1.1\r\nhost: a\r\n\r\n");
    await client.waitFor(/\/here$/);
  });
});

test("a client that ends its side in the middle of its body has left", async () => {
  const seen: unknown[] = [];
  await withServer(echoBody, { onError: (error) => seen.push(error) }, async (server) => {
    const client = await RawClient.open(server.port);
    client.socket.end("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc");
    await until(() => server.statistics().completed === 1, "the request has ended");
    assert(!/ 200 /.test(client.received), client.received);
    assertEquals([server.statistics().disconnected, server.statistics().failed, seen], [1, 0, []]);
    client.leave();
  });
});

for (
  const [phase, path, ready] of [
    ["while its handler runs", "/waits", undefined],
    ["in the middle of the answer", "/streams", /chunk/],
    ["in the middle of its own body", "/reads", undefined],
  ] as const
) {
  test(`a connection that is reset ${phase} cancels the request and harms nobody`, async () => {
    const cancelled: unknown[] = [];
    const stray = await unhandledDuring(async () => {
      await withServer(
        async (request, context) => {
          context.defer((outcome) => void cancelled.push(outcome.status));
          if (path === "/reads") return new Response(await request.text());
          if (path === "/waits") await sleep(1e6);
          return new Response(
            new ReadableStream({
              async pull(controller) {
                await new Promise((resolve) => setTimeout(resolve, 1));
                controller.enqueue(new TextEncoder().encode("chunk"));
              },
            }),
          );
        },
        {},
        async (server) => {
          const client = await ask(
            server,
            path === "/reads" ? "POST / HTTP/1.1\nhost: a\ncontent-length: 9\n\nabc" : "GET / HTTP/1.1\nhost: a\n\n",
          );
          await until(() => server.statistics().active === 1, "the request runs");
          if (ready !== undefined) await client.waitFor(ready);
          client.socket.resetAndDestroy();
          await until(() => server.statistics().completed === 1, "the request has ended");
          assertEquals([server.statistics().disconnected, server.statistics().failed], [1, 0]);
        },
      );
    });
    assertEquals([cancelled, stray], [["cancelled"], []]);
  });
}

test("enqueueing after the client has left, and a cancel function that throws, harm nobody", async () => {
  const cancelled = latch();
  const stray = await unhandledDuring(async () => {
    await withServer(
      () => {
        let controller!: ReadableStreamDefaultController<Uint8Array>;
        const chunk = new TextEncoder().encode("chunk");
        return new Response(
          new ReadableStream({
            start(it) {
              controller = it;
              it.enqueue(chunk);
            },
            cancel() {
              cancelled.open();
              setTimeout(() => {
                try {
                  controller.enqueue(chunk);
                } catch {
                  // A TypeError on some hosts, and the handler's own.
                }
              }, 0);
              throw new Error("cannot be cancelled");
            },
          }),
        );
      },
      {},
      async (server) => {
        const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
        await client.waitFor(/chunk/);
        client.leave();
        await cancelled.promise;
        await until(() => server.statistics().completed === 1, "the request has ended");
        assertEquals(server.statistics().disconnected, 1);
      },
    );
  });
  assertEquals(stray, []);
});

test("a stream whose start throws is 500, and one that gives no bytes is not whole; both are reported", async () => {
  const seen: string[] = [];
  const handler = (request: Request) =>
    new Response(
      new ReadableStream<Uint8Array>({
        start(controller) {
          if (new URL(request.url).pathname === "/start") throw new Error("start");
          controller.enqueue("no bytes" as never);
        },
      }),
    );
  await withServer(handler, { onError: (error) => void seen.push((error as Error).name) }, async (server) => {
    const response = await fetch(new URL("/start", server.url));
    assertEquals(response.status, 500);
    await response.text();
    const client = await ask(server, "GET /text HTTP/1.1\nhost: a\nconnection: close\n\n");
    await client.closed;
    assert(!client.received.includes("no bytes"), client.received);
    await until(() => server.statistics().completed === 2, "both have ended");
    assertEquals(seen, ["Error", "TypeError"]);
  });
});

test("curl is served: small and big, up and down, and again on the same connection", async (t) => {
  const curl = (...args: string[]) => promisify(execFile)("curl", ["-sS", "--max-time", "20", ...args]);
  if (await curl("--version").then(() => false, () => true)) return t.skip("no curl here");
  await withServer(echoBody, {}, async (server) => {
    const url = server.url.href;
    assertEquals((await curl("-d", "hello", url, "--next", "-sS", "-d", "again", url)).stdout, "helloagain");
    const big = "x".repeat(100_000);
    assertEquals((await curl("-d", big, url)).stdout, big);
    assertEquals((await curl("-H", "transfer-encoding: chunked", "-d", "chunks", url)).stdout, "chunks");
    assertEquals((await curl("-H", "expect: 100-continue", "-d", "wait", url)).stdout, "wait");
    assert((await curl("-I", url)).stdout.startsWith("HTTP/1.1 200"), "HEAD");
  });
});

test("a listener of a request's signal that throws is the program's uncaught exception, and harms no other listener and no request", async () => {
  const program = start("tests/io/serve/listener_program.ts");
  try {
    const [, port] = await program.waitFor(/port (\d+)/);
    const client = await RawClient.open(Number(port));
    client.send("GET / HTTP/1.1\nhost: a\n\n");
    await program.waitFor(/waiting/);
    client.leave();
    for (const line of [/uncaught: thrown by a listener/, /the next listener is told/, /the request is cancelled/]) {
      await program.waitFor(line);
    }
    assertEquals(await (await fetch(`http://127.0.0.1:${port}/hello`)).text(), "hello");
  } finally {
    program.process.kill("SIGKILL");
    await program.ended;
  }
});

test("out of descriptors a server goes on, and serves again when there are some", async () => {
  const { command, args } = commandFor("tests/io/serve/exhaustion_program.ts");
  const child = spawn("sh", ["-c", 'ulimit -n 72; exec "$0" "$@"', command, ...args], {
    cwd: root,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const port = await portOf(child);
  const clients: RawClient[] = [];
  for (let count = 0; count < 150; count++) {
    const client = await RawClient.open(port).catch(() => undefined);
    if (client === undefined) break;
    client.send("GET / HTTP/1.1\nhost: a\n\n");
    clients.push(client);
  }
  // Node closes those that it has no descriptor for, the others leave them waiting.
  await until(() => clients.filter(({ received }) => received !== "").length >= 20, "some are served");
  for (const client of clients) client.leave();
  let answer = "";
  for (let attempt = 0; answer === ""; attempt++) {
    assert(child.exitCode === null && attempt < 500, "the server does not answer any more");
    answer = await fetch(`http://127.0.0.1:${port}/`).then((it) => it.text(), () => "");
    if (answer === "") await sleep(20);
  }
  assertEquals(answer, "hello");
  child.stdin.end();
  assertEquals(await ended, 0);
});

function portOf(child: ChildProcessWithoutNullStreams): Promise<number> {
  let text = "";
  child.stderr.on("data", (chunk) => text += chunk);
  return new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      const match = /port (\d+)/.exec(text += chunk);
      if (match !== null) resolve(Number(match[1]));
    });
    child.on("close", () => reject(new Error(`The program ended: ${text}`)));
  });
}
