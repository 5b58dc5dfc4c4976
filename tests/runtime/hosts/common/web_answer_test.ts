import { test } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { declaredLength, lastOfConnection, sendable } from "../../../../runtime/hosts/common/web_answer.ts";

test("a response without odd fields is sent as it is, and one with a control character is refused", () => {
  const response = new Response("x", { headers: { "x-a": "b\tc", connection: "close" } });
  assertStrictEquals(sendable(response), response);
  for (const value of ["a\x01", "\x1b[0m", "a\x7f"]) {
    const make = [
      () => new Response("x", { headers: { "x-a": value } }),
      () => new Response(null, { headers: { "content-type": value } }),
      () => Response.json({}, { headers: { "X-Name": value } }),
    ];
    for (const it of make) assertThrows(() => sendable(it()), TypeError, "control");
  }
});

test("what is the server's to say is taken out, except what a 426 has to say", () => {
  const headers = { "transfer-encoding": "gzip", Trailer: "x", connection: "upgrade", upgrade: "websocket", etag: "e" };
  const { headers: sent } = sendable(new Response("x", { headers }));
  for (const name of ["transfer-encoding", "trailer", "connection", "upgrade"]) assert(!sent.has(name), name);
  assertEquals(sent.get("etag"), "e");
  const refusal = sendable(new Response("x", { status: 426, headers })).headers;
  assertEquals([refusal.get("upgrade"), refusal.get("connection")], ["websocket", "upgrade"]);
  assertEquals(sendable(new Response("x", { headers: { connection: "x, Close" } })).headers.get("connection"), "close");
});

test("any response can be the last of its connection, also one whose fields cannot be changed", async () => {
  const { status, headers } = lastOfConnection(Response.redirect("http://a/b"));
  assertEquals([status, headers.get("location"), headers.get("connection")], [302, "http://a/b", "close"]);
  const fetched = lastOfConnection(await fetch("data:text/plain,hello"));
  assertEquals([await fetched.text(), fetched.headers.get("connection")], ["hello", "close"]);
});

test("a declared length is a number", () => {
  for (
    const [text, length] of [["5", 5], ["005", 5], ["-1", undefined], ["x", undefined], ["5, 5", undefined]] as const
  ) {
    assertEquals(declaredLength(new Response("x", { headers: { "content-length": text } })), length);
  }
  assertEquals(declaredLength(new Response("x")), undefined);
});
