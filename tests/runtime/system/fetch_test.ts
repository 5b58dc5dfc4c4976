import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import { fetchPlain, isDecodedByFetch } from "../../../runtime/system/fetch.ts";
import { thisHost } from "../../support/this_host.ts";

const text = "hello ".repeat(20);
/** Not every host can make this one. */
const asZstd = Buffer.from("KLUv/SB4bQAAMGhlbGxvIAEAL2kpAg==", "base64");

const encoders: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  "gzip": gzipSync,
  "x-gzip": gzipSync,
  "deflate": deflateSync,
  "br": brotliCompressSync,
  "zstd": () => asZstd,
};

const fields = [
  "gzip",
  "GZip",
  "x-gzip",
  "deflate",
  "br",
  "zstd",
  "gzip, gzip",
  "deflate, gzip",
  "gzip, identity",
  "identity, gzip",
  "gzip,",
  "identity",
  "unknown",
  "gzip, unknown",
];

/** A server that encodes whatever it is asked, by the path. */
async function withEncoder(body: (at: (field: string) => URL) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const field = decodeURIComponent(request.url!.slice(1));
    let bytes: Uint8Array = new TextEncoder().encode(text);
    for (const coding of field.toLowerCase().split(",")) bytes = encoders[coding.trim()]?.(bytes) ?? bytes;
    response.writeHead(200, { "content-encoding": field }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await body((field) => new URL(`http://127.0.0.1:${port}/${encodeURIComponent(field)}`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("it is known what the fetch of this host has decoded", async () => {
  await withEncoder(async (at) => {
    for (const field of fields) {
      const response = await fetch(at(field));
      const isPlain = await response.text() === text;
      const wasPlain = !/gzip|deflate|br|zstd/i.test(field);
      assertEquals(isDecodedByFetch(field), isPlain && !wasPlain, field);
    }
  });
});

test("a body as the other side has it is decoded only on Node, and it is told", async () => {
  await withEncoder(async (at) => {
    for (const field of ["gzip", "br", "deflate", "unknown"]) {
      const { response, isDecoded } = await fetchPlain(at(field), { headers: new Headers() });
      const isPlain = await response.text() === text;
      assertEquals([isDecoded || field === "unknown", isDecoded && !thisHost().startsWith("node")], [isPlain, false]);
    }
  });
});

test("the codings that the guide says this host decodes are those", () => {
  const said = {
    node: "gzip deflate br",
    node26: "gzip deflate br zstd",
    deno: "gzip br",
    bun: "gzip deflate br zstd",
    browser: "",
  };
  const decoded = ["gzip", "deflate", "br", "zstd"].filter(isDecodedByFetch);
  assertEquals([decoded.join(" "), isDecodedByFetch("gzip, gzip")], [said[thisHost()], thisHost().startsWith("node")]);
});
