/** The fuzzer's model of what bytes say. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { frame } from "./draft_frames.ts";
import { readFrames } from "./frames.ts";
import { readConnection } from "./reading.ts";

/** The ids of the requests, how it ends, and if that is sure. */
function read(text: string): [ids: string, end: string, isSure: boolean] {
  const { requests, end, isSure } = readConnection(text.replaceAll("\n", "\r\n"), "node26");
  return [requests.map(({ id, body }) => `${id}${body === undefined ? "" : `=${body}`}`).join(), end, isSure];
}

const get = (id: string): string => `GET /echo/${id} HTTP/1.1\nhost: a.test\nx-id: ${id}\n\n`;
const post = (id: string, fields: string, body: string): string =>
  `POST /echo/${id} HTTP/1.1\nhost: a.test\nx-id: ${id}\n${fields}\n${body}`;

test("right requests are read one after the other, each with its body", () => {
  assertEquals(read(get("a") + post("b", "content-length: 3\n", "abc") + get("c")), ["a=,b=abc,c=", "open", true]);
  assertEquals(read(post("a", "transfer-encoding: chunked\n", "2;x=y\nab\n01\nc\n0\n\n")), ["a=abc", "open", true]);
});

test("what stands in a body or in a field is no request", () => {
  const inner = get("inner");
  const length = inner.replaceAll("\n", "\r\n").length;
  assertEquals(read(post("a", `content-length: ${length}\n`, inner) + get("b"))[0].split(",").length, 2);
  assertEquals(read(get("a").replace("x-id", `x-y: ${inner.split("\n")[0]}\nx-id`))[0], "a=");
});

test("reading ends where the connection does, and where bytes are refused", () => {
  assertEquals(read(post("a", "connection: close\n", "") + get("b")), ["a=", "closed", true]);
  const refused = [
    "GET /a HTTP/1.1\n\n",
    "GET /a HTTP/1.1\nhost: a\nhost: a\n\n",
    "GET /a HTTP/1.1\nhost: 127.0.1:80\n\n",
    "GET /a HTTP/2.0\nhost: a\n\n",
    "GET file:///a HTTP/1.1\nhost: a\n\n",
    "GET /a HTTP/1.1\nhost : a\n\n",
    post("a", "content-length: 3\ntransfer-encoding: chunked\n", ""),
    post("a", "content-length: +3\n", ""),
    post("a", "transfer-encoding: gzip, chunked\n", ""),
  ];
  for (const text of refused) assertEquals(read(get("a") + text + get("b")), ["a=", "refused", true], text);
});

test("a body that is wrong, or not all there, is none, and its handler does not have to run", () => {
  for (const body of ["3\nabcd\n0\n\n", "g\n", "3\nabc\n0\nx", "2\nab"]) {
    const reading = readConnection(post("a", "transfer-encoding: chunked\n", body).replaceAll("\n", "\r\n"), "node26");
    assertEquals(reading.requests.map(({ body, mustRun }) => [body, mustRun]), [[undefined, false]], body);
  }
});

test("what the RFCs leave open makes all that follows uncertain", () => {
  assertEquals(read(`\n${get("a")}${get("b")}`), ["a=,b=", "open", false]);
});

test("messages of a WebSocket are read up to the first frame that is wrong", () => {
  const text = frame(1, "a") + frame(2, "b", { isLast: false }) + frame(9, "p") + frame(0, "c");
  const reading = readFrames(text + frame(3, "") + frame(1, "late"), "node26");
  assertEquals(reading.messages.map(({ payload }) => payload), ["a", "bc"]);
  assertEquals([reading.pings, reading.end], [["p"], "failed"]);
  assertEquals(readFrames(frame(1, "\xff"), "node26").end, "failed");
  assertEquals(readFrames(frame(8, "\x03\xe8"), "node26").end, "closed");
});
