/** What a handler may say of its answer, and what is sent instead of what it may not: one answer never makes two. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { sleep } from "../../../mod.ts";
import type { Handler } from "../../../io/mod.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { ask } from "../../support/http.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const host = hostOfThis();
const isNode = host.startsWith("node");

interface Answer {
  readonly status: number;
  readonly fields: Map<string, string>;
  readonly body: string;
}

/** The answers of a connection, read strictly by their framing; throws where something is left that is no answer. */
function parse(text: string, methods: readonly string[]): Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\r\n\r\n", at);
    const [line, ...lines] = text.slice(at, end).split("\r\n");
    const match = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/.exec(line!);
    assert(end > 0 && match !== null, `no answer: ${JSON.stringify(text.slice(at))}`);
    const fields = new Map(
      lines.map((it) => [it.slice(0, it.indexOf(":")).toLowerCase(), it.slice(it.indexOf(":") + 2)]),
    );
    assertEquals(fields.size, lines.length, "a field is there twice");
    at = end + 4;
    const status = Number(match[1]);
    let body = "";
    const isBodiless = methods[answers.length] === "HEAD" || status === 204 || status === 304;
    if (isBodiless) {
      assert(!fields.has("transfer-encoding"), "a coding without a body");
    } else if (fields.get("transfer-encoding") === "chunked") {
      assert(!fields.has("content-length"));
      for (;;) {
        const [size] = /^[\da-f]+(?=\r\n)/i.exec(text.slice(at))!;
        const length = parseInt(size!, 16);
        at += size!.length + 2;
        body += text.slice(at, at + length);
        at += length + 2;
        if (length === 0) break;
      }
    } else {
      const length = Number(fields.get("content-length"));
      body = text.slice(at, at + length);
      at += length;
    }
    answers.push({ status, fields, body });
  }
  return answers;
}

/** What comes for a request and for one behind it. */
async function answersOf(handler: Handler, method = "GET"): Promise<{ answers: Answer[]; errors: unknown[] }> {
  const errors: unknown[] = [];
  const behind = "GET /behind HTTP/1.1\nhost: a\nconnection: close\n\n";
  const either: Handler = (request, context) =>
    request.url.endsWith("/behind") ? new Response("behind") : handler(request, context);
  let text = "";
  await withServer(either, { onError: (error) => errors.push(error) }, async (server) => {
    const client = await ask(server, `${method} / HTTP/1.1\nhost: a\n\n${behind}`);
    await client.closed;
    text = client.received;
    await until(() => server.statistics().active === 0, "every slot is free");
  });
  return { answers: parse(text, [method, "GET"]), errors };
}

const stream = (...chunks: string[]) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      await sleep(1);
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(chunk));
    },
  });

test("the length of an answer is that of its body, whatever its handler says", async () => {
  for (const length of ["5", "50", "-1", "x", "0"]) {
    const { answers } = await answersOf(() => new Response("hello world", { headers: { "content-length": length } }));
    assertEquals(answers.map(({ body }) => body), ["hello world", "behind"], length);
    assertEquals(answers[0]!.fields.get("content-length"), "11");
  }
});

test("what says how the connection is used, or where the body ends, is not its handler's to say", async () => {
  const headers = {
    "transfer-encoding": "gzip",
    trailer: "x",
    te: "a",
    "keep-alive": "b",
    "proxy-connection": "c",
    upgrade: "d",
    etag: "e",
  };
  // Bun answers nothing of what is pipelined when an answer takes time.
  for (const body of ["hello", null, ...host === "bun" ? [] : [stream("hel", "lo")]]) {
    const { answers, errors } = await answersOf(() => new Response(body, { headers }));
    const [{ fields, body: text }, next] = answers as [Answer, Answer];
    assertEquals([text, next.body, errors], [body === null ? "" : "hello", "behind", []]);
    for (const name of ["trailer", "te", "proxy-connection", "upgrade"]) assert(!fields.has(name), name);
    assertEquals(fields.get("etag"), "e");
  }
});

test("204 and 304 have no length and no coding", async () => {
  for (const status of [204, 304]) {
    const headers = { "transfer-encoding": "gzip", ...status === 204 && { "content-length": "5" } };
    const { answers } = await answersOf(() => new Response(null, { status, headers }));
    assertEquals(answers.map((it) => it.status), [status, 200]);
    assert(!answers[0]!.fields.has("content-length") || status === 304);
  }
});

test("a control character in a field is 500 and reported, and the server lives on", async () => {
  for (const value of ["a\x01b", "a\x7fb", "\x1b[31m"]) {
    const { answers, errors } = await answersOf(() => new Response("x", { headers: { "x-name": value } }));
    assertEquals([answers[0]!.status, answers[1]!.body, errors.length], [500, "behind", 1], JSON.stringify(value));
    assert(errors[0] instanceof TypeError);
  }
  const { answers } = await answersOf(() => new Response("x", { headers: { "x-name": "a\tbé" } }));
  assertEquals(answers[0]!.status, 200);
});

test("an answer that says connection: close says so to its client, also of a synchronous handler and before the body has come", async () => {
  for (const value of ["close", "Close", "x, close"]) {
    await withServer(() => new Response("x", { headers: { connection: value } }), {}, async (server) => {
      for (const request of ["GET / HTTP/1.1\nhost: a\n\n", "POST / HTTP/1.1\nhost: a\ncontent-length: 3\n\n"]) {
        const client = await ask(server, request);
        await client.waitFor(/\r\nconnection: close\r\n[^]*x$/i);
        // Deno closes for a client, not for a handler.
        if (host === "deno") client.leave();
        await client.closed;
      }
    });
  }
});

test("a stream that fails at once is 500 and reported once, and the connection goes on", async () => {
  const failures: ReadableStream[] = [
    new ReadableStream({ start: (controller) => controller.error(new Error("no cheese")) }),
    new ReadableStream({ pull: () => Promise.reject(new Error("no cheese")) }),
  ];
  // The others have sent the head by then.
  if (isNode) {
    failures.push(
      new ReadableStream({
        async pull() {
          await sleep(20);
          throw new Error("no cheese");
        },
      }),
    );
  }
  for (const body of failures) {
    const { answers, errors } = await answersOf(() => new Response(body));
    assertEquals(answers.map(({ status }) => status), [500, 200]);
    assertEquals(errors.map((error) => (error as Error).message), ["no cheese"]);
  }
});

test("a body that is locked is 500 and reported once", async () => {
  const { answers, errors } = await answersOf(() => {
    const response = new Response(stream("a"));
    response.body!.getReader();
    return response;
  });
  assertEquals([answers.map(({ status }) => status), errors.length], [[500, 200], 1]);
});

test("the body of a HEAD answer is not sent, and its stream is cancelled", async () => {
  let cancelled = 0;
  const body = new ReadableStream({ pull: () => sleep(50), cancel: () => void cancelled++ });
  const { answers, errors } = await answersOf(() => new Response(body), "HEAD");
  assertEquals([answers.map(({ status }) => status), errors, cancelled], [[200, 200], [], 1]);
});

test("bodies that are there whole carry their length: texts, bytes, Blobs, forms, parameters", async () => {
  const form = new FormData();
  form.set("a", "b");
  form.set("c", new Blob(["file"]));
  const bodies = [
    "text",
    new Uint8Array(5),
    new Blob(["hello"]),
    new Blob(["x".repeat(100_000)]),
    form,
    new URLSearchParams("a=b"),
  ];
  for (const body of bodies) {
    const { answers } = await answersOf(() => new Response(body));
    const { fields, body: text } = answers[0]!;
    assert(text.length > 0);
    assertEquals(fields.get("content-length"), String(text.length), String(body));
    const head = await answersOf(() => new Response(body), "HEAD");
    assertEquals(head.answers[0]!.fields.get("content-length"), String(text.length), `HEAD ${body}`);
  }
});

test("a WebSocket that nobody asks for is 426, and says which protocol it is about", async () => {
  const { answers } = await answersOf((_request, context) => context.upgrade(() => {}));
  const { status, fields } = answers[0]!;
  assertEquals([status, fields.get("upgrade"), fields.get("connection")?.toLowerCase()], [426, "websocket", "upgrade"]);
});

if (!isNode) {
  test("a stream that is shorter than its own length is cut, and one that is longer ends with it; both are told", async () => {
    for (
      const [chunks, expected] of [[["abc"], "abc"], [["abc", "defgh"], "abcde"], [["abcdefgh"], "abcde"]] as const
    ) {
      const errors: unknown[] = [];
      const handler = () => new Response(stream(...chunks), { headers: { "content-length": "5" } });
      await withServer(handler, { onError: (error) => errors.push(error) }, async (server) => {
        const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
        await until(() => server.statistics().completed === 1, "the request has ended");
        if (expected === "abc") await client.closed;
        else await client.waitFor(/abcde$|\r\n0\r\n\r\n$/);
        client.leave();
        assertEquals(client.received.split("\r\n\r\n")[1]!.replace(/\r\n|\d/g, ""), expected);
        assert(!client.received.includes("\r\n0\r\n\r\n") || expected !== "abc", "it looks whole");
        assertEquals(errors.length, 1);
        assert(/content-length, which is 5$/.test(String(errors[0])), String(errors[0]));
      });
    }
  });
}

if (isNode) {
  test("a stream that is shorter than its own length is cut, and one that is longer ends with it: never is a byte taken for another answer", async () => {
    for (
      const [chunks, expected] of [[["abc"], "abc"], [["abc", "defgh"], "abcde"], [["abcdefgh"], "abcde"]] as const
    ) {
      const errors: unknown[] = [];
      const handler = () => new Response(stream(...chunks), { headers: { "content-length": "5" } });
      await withServer(handler, { onError: (error) => errors.push(error) }, async (server) => {
        const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\nGET /behind HTTP/1.1\nhost: a\n\n");
        await client.closed;
        assertEquals(client.received.split("\r\n\r\n"), [client.received.split("\r\n\r\n")[0], expected]);
        assert(/content-length: 5/.test(client.received));
        assertEquals(errors.length, 1);
        assert(/content-length, which is 5$/.test(String(errors[0])), String(errors[0]));
        await until(() => server.statistics().active === 0, "the slot is free");
      });
    }
    const { answers, errors } = await answersOf(() =>
      new Response(stream("abc", "de"), { headers: { "content-length": "5" } })
    );
    assertEquals([answers.map(({ body }) => body), errors], [["abcde", "behind"], []]);
  });

  test("a stream of events has its head sent at once; any other with its first bytes", async () => {
    const gates: (() => void)[] = [];
    const handler = (request: Request) => {
      const type = request.url.endsWith("/events") ? "text/event-stream" : "text/plain";
      const body = new ReadableStream({
        pull: (controller) =>
          new Promise<void>((resolve) => {
            gates.push(() => {
              controller.enqueue(new TextEncoder().encode("data"));
              controller.close();
              resolve();
            });
          }),
      });
      return new Response(body, { headers: { "content-type": type } });
    };
    await withServer(handler, {}, async (server) => {
      const events = await ask(server, "GET /events HTTP/1.1\nhost: a\n\n");
      await events.waitFor(/ 200 [^]*\r\n\r\n$/);
      const other = await ask(server, "GET /other HTTP/1.1\nhost: a\n\n");
      await until(() => gates.length === 2, "both are read");
      assertEquals(other.received, "");
      for (const open of gates) open();
      await events.waitFor(/data/);
      await other.waitFor(/data/);
      events.leave();
      other.leave();
    });
  });
}

test("a field with a character beyond ASCII is sent as one byte, also in front of a stream", async () => {
  const body = () =>
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        await sleep(20);
        controller.enqueue(new TextEncoder().encode("end"));
        controller.close();
      },
    });
  const handler = (request: Request) =>
    new Response(request.url.endsWith("/stream") ? body() : "end", { headers: { "x-a": "b\xe9" } });
  await withServer(handler, {}, async (server) => {
    for (const path of ["/whole", "/stream"]) {
      const client = await ask(server, `GET ${path} HTTP/1.1\nhost: a\n\n`);
      await client.waitFor(/end/);
      assert(/^x-a: b\xe9\r$/im.test(client.received), client.received);
      client.leave();
    }
  });
});
