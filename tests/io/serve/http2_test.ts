import http2 from "node:http2";
import { test } from "node:test";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { sleep } from "../../../mod.ts";
import type { Server } from "../../../io/mod.ts";
import { certificate } from "../../support/certificate.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { withServer } from "./with_server.ts";
import { until } from "../../support/within.ts";
import { latch } from "../../support/latch.ts";

const host = hostOfThis();
const isNode = host.startsWith("node");

function connect(server: Server): http2.ClientHttp2Session {
  const session = http2.connect(`https://localhost:${server.port}`, { ca: certificate.cert });
  session.on("error", () => {});
  return session;
}

function ask(session: http2.ClientHttp2Session, path: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":path": path, ":method": body === undefined ? "GET" : "POST" });
    let status = 0;
    let text = "";
    stream.on("response", (headers) => status = headers[":status"] ?? 0);
    stream.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
    stream.on("end", () => resolve(`${status} ${text}`));
    stream.on("error", reject);
    stream.end(body);
  });
}

test("with tls a server speaks HTTP/2, many requests at once; on Node HTTP/1.1 alone", async () => {
  const both = latch();
  let running = 0;
  await withServer(
    async (request) => {
      if (++running === 2) both.open();
      await both.promise;
      return new Response(request.method === "POST" ? await request.text() : new URL(request.url).pathname);
    },
    { tls: certificate },
    async (server) => {
      const session = connect(server);
      if (isNode) return assertInstanceOf(await new Promise((resolve) => session.on("error", resolve)), Error);
      assertEquals(await Promise.all([ask(session, "/a"), ask(session, "/b", "body")]), ["200 /a", "200 body"]);
      assertEquals(session.alpnProtocol, "h2");
      session.close();
    },
  );
});

for (const field of [undefined, "localhost"]) {
  const isLate = host === "deno" && field !== undefined;
  const named = field === undefined ? "" : " with a host among its fields";
  const title = `a stream${named} that its client resets cancels the request${isLate ? ", here at its timeout" : ""}`;
  test(`${title}; on Node there are none`, async () => {
    const outcome = latch<string>();
    await withServer(
      async (_request, context) => {
        context.defer(({ status }) => outcome.open(status));
        await sleep(1e6);
        return new Response("never");
      },
      { tls: certificate, timeout: isLate ? 300 : Infinity },
      async (server) => {
        const session = connect(server);
        if (isNode) return assertInstanceOf(await new Promise((resolve) => session.on("error", resolve)), Error);
        const stream = session.request({
          ":path": "/",
          ...(field === undefined ? {} : { host: `${field}:${server.port}` }),
        });
        stream.on("error", () => {});
        stream.end();
        await until(() => server.statistics().active === 1, "the request runs");
        stream.close(http2.constants.NGHTTP2_CANCEL);
        assertEquals(await outcome.promise, "cancelled");
        session.close();
      },
    );
  });
}
