/** The exchange of hosts that answer a `Request` with a `Response`, over a host made up for it: it runs on any. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { WebExchange } from "../../../../runtime/hosts/common/web_exchange.ts";
import { type Answer, type HttpExchange, type HttpListenOptions, PlainAnswer } from "../../../../runtime/port/http.ts";
import type { HostWebSocket, Upgraded } from "../../../../runtime/port/web_socket.ts";
import { watch } from "../../../support/turns.ts";
import { until } from "../../../support/within.ts";

/** An exchange that writes down what its host is asked for. */
class PlainExchange extends WebExchange {
  readonly asked: string[] = [];
  readonly remoteAddress = undefined;
  readonly webSocket: HostWebSocket | undefined;

  constructor(handle: (exchange: HttpExchange) => Promise<Answer> | Answer, webSocket?: HostWebSocket) {
    super(new Request("http://localhost/"), "http://localhost/", {
      options: { handle } as HttpListenOptions,
      isStopping: false,
    });
    this.webSocket = webSocket;
    this.onEnd = (end) => this.asked.push(`ended: ${end}`);
  }

  get awaited(): boolean {
    return this.isAwaited;
  }

  protected override learnEnd(): void {
    this.asked.push("follow");
  }

  protected override letThrough(response: Response): boolean {
    this.asked.push("let through");
    if (response.headers.has("is-stream")) return false;
    this.finish("sent");
    return true;
  }

  protected override makeWebSocket(): Upgraded {
    if (this.webSocket === undefined) throw new TypeError("no handshake");
    return { socket: this.webSocket, response: new Response("upgraded") };
  }
}

function streamed(stream: ReadableStream<Uint8Array>): Response {
  return new Response(stream, { status: 201, headers: { "is-stream": "yes" } });
}

test("an answer that is given at once is let through as it is, and nobody follows the exchange", async () => {
  const response = new Response("hello");
  const exchange = new PlainExchange(() => response);
  assertStrictEquals(await exchange.answer(), response);
  assertEquals(exchange.asked, ["let through", "ended: sent"]);
  const own = await new PlainExchange(() => new PlainAnswer(503, "busy", { "retry-after": "1" })).answer();
  assertEquals([own.status, own.headers.get("retry-after"), await own.text()], [503, "1", "busy"]);
});

test("while a promised answer is waited for the exchange is followed, and says that it is awaited", async () => {
  const response = new Response("hello");
  let give!: (answer: Answer) => void;
  const exchange = new PlainExchange(() => new Promise((resolve) => give = resolve));
  const answer = exchange.answer();
  assertEquals([exchange.asked, exchange.awaited], [["follow"], true]);
  give(response);
  assertStrictEquals(await answer, response);
  assertEquals([exchange.asked, exchange.awaited], [["follow", "let through", "ended: sent"], false]);
});

test("a body that is a stream is watched: the exchange ends as it does, and shows how far it is", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const exchange = new PlainExchange(() =>
    streamed(
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes);
          controller.close();
        },
      }),
    )
  );
  const answer = await exchange.answer();
  assertEquals([answer.status, exchange.end, exchange.sendProgress], [201, undefined, 0]);
  assertEquals(new Uint8Array(await answer.arrayBuffer()), bytes);
  assertEquals(exchange.asked, ["let through", "ended: sent"]);
});

test("a cut answers 503 in the place of a handler that has not, and lets go of what it answers later", async () => {
  let give!: (answer: Answer) => void;
  const exchange = new PlainExchange(() => new Promise((resolve) => give = resolve));
  const answer = exchange.answer();
  exchange.cut();
  assertEquals((await answer).status, 503);
  assertEquals([exchange.end, exchange.asked], ["cut", ["follow", "ended: cut"]]);
  give(new Response("too late"));
});

test("an answer to an exchange that has ended becomes 503, and its stream is cancelled", async () => {
  let cancelled = false;
  let give!: (answer: Answer) => void;
  const exchange = new PlainExchange(() => new Promise((resolve) => give = resolve));
  const answer = exchange.answer();
  exchange.finish("left");
  give(streamed(
    new ReadableStream({
      cancel() {
        cancelled = true;
      },
    }),
  ));
  assertEquals((await answer).status, 503);
  assert(cancelled, "the stream goes on");
  assertEquals(exchange.asked, ["follow", "ended: left"]);
});

test("a cut fails a stream on its way for the client, and failing the body does likewise with an error of one's own", async () => {
  for (const own of [undefined, new Error("mine")]) {
    const exchange = new PlainExchange(() => streamed(new ReadableStream()));
    const read = watch((await exchange.answer()).text());
    if (own === undefined) exchange.cut();
    else exchange.failBody(own);
    await until(() => read.state !== "pending", "the client sees the end");
    const { message } = own ?? { message: "The server cut the response" };
    assertEquals([read.state, (read.error as Error).message, exchange.end], ["rejected", message, "cut"]);
    assertEquals(exchange.asked, ["let through", "ended: cut"]);
  }
});

test("an upgraded exchange has been sent, gives the host its own answer, and a cut ends the socket", async () => {
  let terminated = 0;
  const socket = { terminate: () => terminated++ } as unknown as HostWebSocket;
  const exchange = new PlainExchange(async (it) => {
    const { response } = await it.upgrade({ onMessage() {}, onClosed() {} }, undefined);
    return response;
  }, socket);
  assert(!exchange.isUpgraded);
  assertEquals(await (await exchange.answer()).text(), "upgraded");
  assertEquals([exchange.isUpgraded, exchange.end], [true, "sent"]);
  exchange.cut();
  assertEquals(terminated, 1);
});

test("a handshake that the host refuses is a rejection, and the exchange goes on", async () => {
  const exchange = new PlainExchange(() => new Response("plain"));
  await assertRejects(() => exchange.upgrade({ onMessage() {}, onClosed() {} }, undefined), TypeError, "no handshake");
  assertEquals([exchange.isUpgraded, exchange.end], [false, undefined]);
});
