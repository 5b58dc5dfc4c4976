/** What strangers may do to a connection of HTTP/2: each is a client that says its frames itself. */

import { Buffer } from "node:buffer";
import { test } from "node:test";
import { connect } from "node:tls";
import { assert, assertEquals } from "@std/assert";
import type { Handler, ServeOptions, Server } from "../../../io/mod.ts";
import { sleep } from "../../../mod.ts";
import { certificate } from "../../support/certificate.ts";
import { hostOfThis } from "../../support/hosts.ts";
import {
  endHeaders,
  endStream,
  fields,
  frame,
  head,
  Http2Client,
  kinds,
  preface,
  request,
  setting,
  uint32,
} from "../../support/http2_frames.ts";
import { until, within } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const host = hostOfThis();
/** Node speaks no HTTP/2. */
const speaks = host === "deno" || host === "bun";
const isDeno = host === "deno";

const post = request("/", { method: "POST" });
const mode = endStream | endHeaders;
/** The number of a client's stream. */
const streamOf = (index: number): number => 2 * index + 1;
/** Frames for so many streams. */
const forStreams = (count: number, make: (stream: number) => Buffer[], first = 0): Buffer[] =>
  Array.from({ length: count }, (_, index) => make(streamOf(first + index))).flat();
const many = (count: number, bytes: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => bytes));

const handler: Handler = async (it) => {
  const { pathname } = new URL(it.url);
  if (pathname === "/wait") await sleep(1e6);
  if (pathname === "/big") return new Response("x".repeat(300_000));
  if (pathname === "/endless") {
    return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10_000)) }));
  }
  return new Response(await it.text());
};

/** A server, which serves others when all is over, with every slot free and no error told. */
async function withTls(options: ServeOptions, body: (server: Server) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  await withServer(
    handler,
    { tls: certificate, onError: (error) => errors.push(error), ...options },
    async (server) => {
      await body(server);
      await until(() => server.statistics().active + server.statistics().queued === 0, "every slot is free");
      const client = await Http2Client.open(server.port);
      client.send(head(1));
      assertEquals(await client.endOf(1), "200");
      client.leave();
      assertEquals(errors, []);
    },
  );
}

const table = (index: number): Buffer => frame(kinds.headers, mode, 3, Buffer.from([0xff, index]));
const [protocol, size, flow, compression] = [
  "PROTOCOL_ERROR",
  "FRAME_SIZE_ERROR",
  "FLOW_CONTROL_ERROR",
  "COMPRESSION_ERROR",
];
/** Frames that end a connection, and the error that its client is told of on each host. */
const breaking: [title: string, frames: Buffer[], deno: string, bun?: string][] = [
  ["a head on stream 0", [head(0)], protocol],
  ["an even stream", [head(2)], protocol],
  ["a stream below the last one", [head(5), head(3)], protocol],
  ["a second head on a stream", [head(3), head(3)], protocol, "STREAM_CLOSED"],
  ["data on stream 0", [frame(kinds.data, 0, 0, Buffer.from("x"))], protocol],
  ["data on a stream that is not open", [frame(kinds.data, 0, 3, Buffer.from("x"))], protocol],
  [
    "data behind the end",
    [head(3, post), frame(kinds.data, endStream, 3, Buffer.from("x"))],
    protocol,
    "STREAM_CLOSED",
  ],
  ["a reset of no stream", [frame(kinds.reset, 0, 3, uint32(8))], protocol],
  ["a reset of stream 0", [frame(kinds.reset, 0, 0, uint32(8))], protocol],
  ["a window for no stream", [frame(kinds.window, 0, 3, uint32(8))], protocol],
  ["a continuation of nothing", [frame(kinds.continuation, endHeaders, 3, fields(request()))], protocol],
  ["a ping within a head", [head(3, request(), endStream), frame(kinds.ping, 0, 0, Buffer.alloc(8))], protocol],
  ["a continuation of another head", [head(3, request(), endStream), frame(kinds.continuation, 4, 5)], protocol],
  ["a frame that is too large", [frame(kinds.data, 0, 3, Buffer.alloc(20_000))], size],
  ["a frame that says it is 16 MiB", [frame(kinds.headers, mode, 3, Buffer.alloc(10), 0xffffff)], size],
  ["a number that does not end", [table(0xff), Buffer.alloc(8, 0xff)], protocol, compression],
  ["a place that the table does not have", [table(0x10)], protocol, compression],
  ["more padding than there is", [frame(kinds.headers, mode | 8, 3, Buffer.from([255, 0]))], protocol],
  ["a push", [frame(kinds.push, endHeaders, 1, Buffer.concat([uint32(2), fields(request())]))], protocol],
  ["settings that answer, and say something", [frame(kinds.settings, 1, 0, setting(1, 1))], protocol, size],
  ["settings of five bytes", [frame(kinds.settings, 0, 0, Buffer.alloc(5))], protocol, size],
  ["settings of a stream", [frame(kinds.settings, 0, 1)], protocol],
  ["a largest frame of one byte", [frame(kinds.settings, 0, 0, setting(5, 1))], protocol],
  ["a window of 2^32", [frame(kinds.settings, 0, 0, setting(4, 0xffffffff))], protocol, flow],
  ["a setting that is no yes or no", [frame(kinds.settings, 0, 0, setting(2, 2))], protocol],
  ["a ping of seven bytes", [frame(kinds.ping, 0, 0, Buffer.alloc(7))], protocol, size],
  ["a ping of a stream", [frame(kinds.ping, 0, 1, Buffer.alloc(8))], protocol],
  ["a window that grows by nothing", [frame(kinds.window, 0, 0, uint32(0))], protocol],
  ["a window that grows too large", [frame(kinds.window, 0, 0, uint32(0x7fffffff))], flow],
];

if (speaks) {
  test("what breaks the protocol of HTTP/2 ends its connection alone, and cancels the requests on it", async () => {
    await withTls({}, async (server) => {
      for (const [title, frames, deno, bun = deno] of breaking) {
        const client = await Http2Client.open(server.port);
        client.send(head(1, request("/wait")));
        await until(() => server.statistics().active === 1, `a request runs: ${title}`);
        client.send(...frames);
        assertEquals(await client.state(), isDeno ? deno : bun, title);
        await until(() => server.statistics().active === 0, `its slot is free: ${title}`);
        client.leave();
      }
    });
  });

  test("what breaks the protocol of HTTP/2 on a stream ends that stream", async () => {
    await withTls({}, async (server) => {
      const client = await Http2Client.open(server.port);
      client.send(head(1, post, endHeaders), frame(kinds.window, 0, 1, uint32(0x7fffffff)));
      assertEquals(await client.endOf(1), flow);
      const self = Buffer.concat([uint32(3), Buffer.from([1])]);
      client.send(head(3, post, endHeaders), frame(kinds.priority, 0, 3, self));
      assertEquals(await client.endOf(3), protocol);
      assertEquals(await client.state(), "open");
      client.leave();
    });
  });

  test("streams that are reset as soon as they are open free their slots, and who does nothing else is sent away", async () => {
    await withTls({}, async (server) => {
      const client = await Http2Client.open(server.port);
      for (let first = 0; first < 5000 && !client.isClosed; first += 100) {
        const make = (it: number) => [head(it, request("/wait")), frame(kinds.reset, 0, it, uint32(8))];
        await client.sent(...forStreams(100, make, first));
      }
      const state = await client.state();
      assert(state === "ENHANCE_YOUR_CALM" || state === "closed", state);
      client.leave();
    });
  });

  test("streams that the server is made to reset free their slots", async () => {
    await withTls({}, async (server) => {
      const client = await Http2Client.open(server.port);
      const waits = request("/wait", { method: "POST" });
      for (let first = 0; first < 5000 && !client.isClosed; first += 100) {
        const make = (it: number) => [head(it, waits, endHeaders), frame(kinds.window, 0, it, uint32(0x7fffffff))];
        await client.sent(...forStreams(100, make, first));
      }
      await client.state();
      await until(() => server.statistics().active === 0, "every slot is free, though the client stays");
      client.leave();
    });
  });

  for (
    const [title, piece] of [
      ["that get longer and longer", frame(kinds.continuation, 0, 1, fields([["x", "f".repeat(16_000)]]))],
      ["of which each frame is empty", many(100, frame(kinds.continuation, 0, 1))],
      ["of which each frame has one field", many(100, frame(kinds.continuation, 0, 1, Buffer.from([0x82])))],
    ] as const
  ) {
    test(`heads of HTTP/2 ${title}, and do not end, are not read on: their connection is closed`, async () => {
      await withTls({}, async (server) => {
        const client = await Http2Client.open(server.port);
        client.send(head(1, request(), endStream));
        let count = 0;
        for (; count < 3000 && !client.isClosed; count++) await client.sent(piece);
        assert(await client.state() !== "open");
        client.leave();
        assertEquals(server.statistics().completed, 0);
      });
    });
  }

  test("a few bytes that stand for thousands of fields reach no handler", async () => {
    await withTls({}, async (server) => {
      const name = Buffer.concat([Buffer.from([0x40]), fields([["x", "f".repeat(4000)]]).subarray(1)]);
      const bomb = Buffer.concat([fields(request()), name, Buffer.alloc(10_000, 0x80 | 62)]);
      const known = Buffer.concat([fields(request()), Buffer.alloc(10_000, 0x80 | 19)]);
      for (const block of [bomb, known]) {
        const client = await Http2Client.open(server.port);
        client.send(frame(kinds.headers, mode, 1, block));
        assertEquals(await client.endOf(1), isDeno ? "431" : "ENHANCE_YOUR_CALM");
        client.leave();
      }
      assertEquals(server.statistics().completed, 0);
    });
  });

  test("floods of frames that ask for nothing take no slot, and others are served meanwhile", async () => {
    const floods: [title: string, frame: Buffer][] = [
      ["settings", frame(kinds.settings, 0, 0, setting(3, 1))],
      ["pings", frame(kinds.ping, 0, 0, Buffer.alloc(8))],
      ["priorities", frame(kinds.priority, 0, 5, Buffer.alloc(5))],
      ["windows", frame(kinds.window, 0, 0, uint32(1))],
      ["empty data", frame(kinds.data, 0, 1)],
      ["frames that nobody knows", frame(77, 0, 0)],
    ];
    await withTls({}, async (server) => {
      for (const [title, flood] of floods) {
        const client = await Http2Client.open(server.port);
        if (title === "empty data") client.send(head(1, post, endHeaders));
        // What it is answered it does not read.
        client.socket.pause();
        const isSent = Promise.all(Array.from({ length: 50 }, () => client.sent(many(1000, flood))));
        const other = await Http2Client.open(server.port);
        other.send(head(1));
        assertEquals(await other.endOf(1), "200", title);
        other.leave();
        client.socket.resume();
        await isSent;
        client.leave();
        await until(() => server.statistics().active === 0, `the slot is free: ${title}`);
      }
    });
  });

  for (const path of ["/big", "/endless"]) {
    test(`answers ${path} to a client that opens no window free their slots at the sendTimeout, though it stays`, async () => {
      await withTls({ sendTimeout: 200 }, async (server) => {
        const client = await Http2Client.open(server.port, { settings: setting(4, 0) });
        client.send(...forStreams(50, (stream) => [head(stream, request(path))]));
        await client.state();
        await until(() => server.statistics().active === 0, "every slot is free");
        assertEquals(client.frames.some(({ kind, payload }) => kind === kinds.data && payload.length > 0), false);
        client.leave();
      });
    });
  }

  test(`a connection has ${isDeno ? 200 : 256} streams at once; others are refused, and all end with their client`, async () => {
    await withTls({}, async (server) => {
      const client = await Http2Client.open(server.port);
      client.send(...forStreams(300, (stream) => [head(stream, request("/wait"))]));
      assertEquals(await client.state(), "open");
      const most = isDeno ? 200 : 256;
      await until(() => server.statistics().active === most, "as many run");
      assertEquals(client.frames.filter(({ kind }) => kind === kinds.reset).length, 300 - most);
      client.leave();
    });
  });

  test("a client that leaves right behind its requests, or behind parts of their bodies, frees their slots", async () => {
    await withTls({}, async (server) => {
      for (const list of [request("/wait"), request("/wait", { method: "POST" })]) {
        const client = await Http2Client.open(server.port);
        const flags = list[0]![1] === "POST" ? endHeaders : mode;
        client.send(...forStreams(50, (stream) => [head(stream, list, flags)]));
        if (flags === endHeaders) client.send(...forStreams(50, (it) => [frame(kinds.data, 0, it, Buffer.from("a"))]));
        await until(() => server.statistics().active === 50, "all run");
        client.leave();
        await until(() => server.statistics().active === 0, "every slot is free");
      }
    });
  });
} else {
  test("on Node a client that speaks HTTP/2 all the same, though none was agreed on, is refused and closed", async () => {
    const ran: string[] = [];
    await withServer((it) => (ran.push(it.url), new Response("")), { tls: certificate }, async (server) => {
      const socket = connect({ port: server.port, host: "127.0.0.1", ca: certificate.cert, servername: "localhost" });
      let text = "";
      socket.on("data", (piece: Buffer) => text += piece.toString("latin1")).on("error", () => {});
      socket.write(Buffer.concat([Buffer.from(preface), frame(kinds.settings, 0, 0), head(1)]));
      await within(new Promise((resolve) => socket.once("close", resolve)), "the connection is closed");
      assert(/^HTTP\/1\.1 (?:400|505) /.test(text), text);
      assertEquals([ran, server.statistics().completed], [[], 0]);
    });
  });
}
