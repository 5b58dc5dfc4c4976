/** Answers of the usual kinds. */

import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { bytes, html, json, redirect, text } from "../../../io/mod.ts";

/** Status, type and body. */
async function parts(response: Response): Promise<[number, string | null, string]> {
  return [response.status, response.headers.get("content-type"), await response.text()];
}

test("text, html, json and bytes say what they are, in UTF-8 where that is a question", async () => {
  assertEquals(await parts(text("hällo")), [200, "text/plain; charset=utf-8", "hällo"]);
  assertEquals(await parts(html("<p>hällo")), [200, "text/html; charset=utf-8", "<p>hällo"]);
  assertEquals(await parts(json({ a: ["é", null] })), [200, "application/json", '{"a":["é",null]}']);
  assertEquals(await parts(json(null)), [200, "application/json", "null"]);
  assertEquals(await parts(bytes(new Uint8Array([104, 105]))), [200, "application/octet-stream", "hi"]);
  assertEquals(await parts(bytes(new Uint8Array([1, 104, 105]).subarray(1))), [200, "application/octet-stream", "hi"]);
  assertEquals(await parts(bytes(new Uint8Array([104, 105]).buffer)), [200, "application/octet-stream", "hi"]);
});

test("status, its text and fields are given last, and a type of one's own counts", async () => {
  const response = text("a,b", {
    status: 201,
    statusText: "Made",
    headers: [["Content-Type", "text/csv"], ["x-a", "1"], ["x-a", "2"]],
  });
  assertEquals([response.statusText, response.headers.get("x-a")], ["Made", "1, 2"]);
  assertEquals(await parts(response), [201, "text/csv", "a,b"]);
  assertEquals(json(1, { headers: { "x-a": "b" } }).headers.get("content-type"), "application/json");
  const problem = json({}, { status: 400, headers: new Headers({ "content-type": "application/problem+json" }) });
  assertEquals(await parts(problem), [400, "application/problem+json", "{}"]);
});

test("wrong values and options throw at the call", () => {
  assertThrows(() => text(3 as never), TypeError, "3");
  assertThrows(() => html(undefined as never), TypeError);
  assertThrows(() => bytes("a" as never), TypeError);
  assertThrows(() => json(undefined), TypeError, "undefined");
  assertThrows(() => json(() => {}), TypeError);
  const circle: unknown[] = [];
  circle.push(circle);
  assertThrows(() => json(circle), TypeError);
  assertThrows(() => text("a", { status: 99 }), RangeError, "99");
  assertThrows(() => text("a", { status: "200" as never }), TypeError);
  assertThrows(() => text("a", { statusText: "a\r\nb: c" }), TypeError);
  assertThrows(() => text("a", { header: {} } as never), TypeError, "headers");
  assertThrows(() => text("a", { headers: { "x-a": "b\r\nc: d" } }), TypeError);
});

test("a redirect has a place and a status that is one", () => {
  const place = (response: Response) => [response.status, response.headers.get("location")];
  assertEquals(place(redirect("/there")), [302, "/there"]);
  assertEquals(place(redirect(new URL("http://a.example/b c"), 308)), [308, "http://a.example/b%20c"]);
  assertEquals(place(redirect("?q=%20é#漢", 303)), [303, "?q=%20%C3%A9#%E6%BC%A2"]);
  const other = redirect("/", 307, { headers: { "x-a": "b" } });
  assertEquals([...place(other), other.headers.get("x-a")], [307, "/", "b"]);
  for (const status of [200, 300, 304, 305, 306, 309, 400]) {
    assertThrows(() => redirect("/", status as never), RangeError, String(status));
  }
  assertThrows(() => redirect(3 as never), TypeError);
  assertThrows(() => redirect("/", 302, { status: 301 } as never), TypeError, "status");
});

test("no address makes a field of its own, nor another server of a path", () => {
  for (const bad of ["/a\r\nset-cookie: a=1", "/a\nb", "/a\0", "/\x7f", "/\x85", "\t/"]) {
    assertThrows(() => redirect(bad), TypeError, "control");
  }
  const location = redirect("/\\evil.example\\a").headers.get("location")!;
  assertEquals(location, "/%5Cevil.example%5Ca");
  assertEquals(new URL(location, "http://a.example/").host, "a.example");
  assertEquals(redirect("/\ud800").headers.get("location"), "/%EF%BF%BD");
});
