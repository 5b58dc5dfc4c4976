/** Clients of a port with TLS that do not speak it, or speak it wrongly. */

import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { test } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { assert, assertEquals } from "@std/assert";
import type { Server } from "../../../io/mod.ts";
import { certificate } from "../../support/certificate.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { until, within } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const host = hostOfThis();

/** A first message that knows these versions: their second number, from 0 for SSL 3.0 to 3 for TLS 1.2. */
function hello(version: number, ciphers: number[]): Buffer {
  const suites = Buffer.from(ciphers.flatMap((cipher) => [cipher >> 8, cipher & 255]));
  const body = [Buffer.from([3, version]), Buffer.alloc(32, 7), Buffer.from([0, 0, suites.length]), suites];
  const message = Buffer.concat([...body, Buffer.from([1, 0])]);
  return Buffer.concat([Buffer.from([22, 3, 1, 0, message.length + 4, 1, 0, 0, message.length]), message]);
}

/** With elliptic curves, and with RSA alone. */
const ciphers = [0xc013, 0xc009, 0x2f, 0x35];

/** What is not the beginning of a handshake, or one that no server should go on with. */
const bad: [title: string, bytes: Uint8Array][] = [
  ["a request in the clear", Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n")],
  ["the beginning of HTTP/2 in the clear", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
  ["a kilobyte of noise", Buffer.alloc(1000, 0xaa)],
  ["SSL 3.0", hello(0, ciphers)],
  ["TLS 1.0", hello(1, ciphers)],
  ["TLS 1.1", hello(2, ciphers)],
  ["ciphers that are broken", hello(3, [0x0a, 0x04])],
  ["a record that is too long", Buffer.from([22, 3, 1, 0xff, 0xff, 1, 2, 3])],
  ["a hundred empty records", Buffer.concat(Array.from({ length: 100 }, () => Buffer.from([22, 3, 1, 0, 0])))],
  ["data before a handshake", Buffer.from([23, 3, 3, 0, 5, 1, 2, 3, 4, 5])],
  ["an alert before a handshake", Buffer.from([21, 3, 3, 0, 2, 2, 40])],
  ["a heartbeat that asks for more than it has", Buffer.from([24, 3, 3, 0, 3, 1, 0x40, 0])],
  ["a first message of 16 MiB", Buffer.from([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff])],
];

/** Sends bytes without a handshake; answers what comes until the server closes the connection. */
async function answerTo(server: Server, bytes: Uint8Array): Promise<Buffer> {
  const socket = connect(server.port, "127.0.0.1");
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece)).on("error", () => {});
  socket.write(bytes);
  await within(new Promise((resolve) => socket.once("close", resolve)), "the server has closed the connection");
  return Buffer.concat(pieces);
}

/** Shakes hands, or fails to. */
async function shakeHands(server: Server, options: object = {}): Promise<TLSSocket> {
  const { port } = server;
  const socket = connectTls({ port, host: "127.0.0.1", ca: certificate.cert, servername: "localhost", ...options });
  await within(new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject)), "a hand");
  socket.on("error", () => {});
  return socket;
}

async function statusOf(socket: TLSSocket, head = "GET / HTTP/1.1\r\nhost: a\r\n\r\n"): Promise<string> {
  let text = "";
  socket.on("data", (piece: Buffer) => text += piece);
  socket.write(head);
  await until(() => text.includes("\r\n\r\n") || socket.destroyed, "an answer has come");
  return text.split(" ")[1] ?? "none";
}

/** A server with TLS that hears of no error, and serves when all is over. */
async function withTls(body: (server: Server) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  await withServer(() => new Response("served"), { tls: certificate, onError }, async (server) => {
    await body(server);
    const socket = await shakeHands(server);
    assertEquals(await statusOf(socket), "200");
    socket.destroy();
    assertEquals([server.statistics().active, errors], [0, []]);
  });
}

test("who does not begin with a right handshake of TLS 1.2 or later is closed at once, and no error", async () => {
  await withTls(async (server) => {
    for (const [title, bytes] of bad) {
      const answer = await answerTo(server, bytes);
      // An alert of two bytes, or nothing.
      assert(answer.length === 0 || (answer[0] === 21 && answer.length === 7), `${title}: ${answer.toString("hex")}`);
    }
    assertEquals(server.statistics().completed, 0);
  });
});

test("clients that leave within their handshake, or right after it, leave nothing behind", async () => {
  await withTls(async (server) => {
    const whole = hello(3, ciphers);
    for (let length = 1; length < whole.length; length++) {
      const socket = connect(server.port, "127.0.0.1").on("error", () => {});
      await new Promise<void>((resolve) => socket.write(whole.subarray(0, length), () => resolve()));
      if (length % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
    for (let count = 0; count < 20; count++) (await shakeHands(server)).destroy();
    assertEquals(server.statistics().completed, 0);
  });
});

test("with TLS as without, a request is refused that two servers could read in two ways", async () => {
  await withTls(async (server) => {
    for (const head of ["GET / HTTP/1.1\r\nhost: u@a\r\n\r\n", "GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n"]) {
      const socket = await shakeHands(server);
      assertEquals(await statusOf(socket, head), "400", head);
      socket.destroy();
    }
    assertEquals(server.statistics().completed, 0);
  });
});

test("a client is served whatever name it asks for, and refused if it speaks no protocol of the server; Bun serves it", async () => {
  await withTls(async (server) => {
    const other = await shakeHands(server, { servername: "other.example", rejectUnauthorized: false });
    assertEquals(await statusOf(other), "200");
    other.destroy();
    const offer = { ALPNProtocols: ["something/1"] };
    if (host === "bun") {
      const socket = await shakeHands(server, offer);
      assertEquals(await statusOf(socket), "200");
      socket.destroy();
    } else {
      const { message } = await shakeHands(server, offer).then(() => new Error("It was served"), (error) => error);
      assert(/no.?application.?protocol/i.test(message), message);
    }
  });
});

if (host.startsWith("node")) {
  test("a client that shakes hands again and again is closed", async () => {
    await withTls(async (server) => {
      const socket = await shakeHands(server, { maxVersion: "TLSv1.2" });
      let times = 0;
      const again = (): void => {
        socket.renegotiate({}, (error) => {
          if (error !== null || socket.destroyed) return;
          times++;
          again();
        });
      };
      again();
      await until(() => socket.destroyed, "the connection is closed");
      assertEquals(times, 3);
    });
  });
}
