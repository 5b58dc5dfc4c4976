import { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { releasing, whenPassedOn } from "../../../../runtime/hosts/common/thread_output.ts";

/** A stream that sends one lot, and the next when it is told to, as the output of Node's threads does. */
class Output extends Writable {
  readonly sent: string[] = [];
  readonly #callbacks: (() => void)[] = [];

  constructor() {
    super({ decodeStrings: false, highWaterMark: 4 });
  }

  override _writev(chunks: { chunk: string }[], callback: () => void): void {
    this.sent.push(chunks.map(({ chunk }) => chunk).join(""));
    this.#callbacks.push(callback);
  }

  answer(): void {
    for (const callback of this.#callbacks.splice(0)) callback();
  }
}

test("output that is held back is sent in one lot when it is released, once and in order", () => {
  const output = new Output();
  const release = releasing(output as never);
  for (const text of ["a", "b", "c"]) output.write(text);
  assertEquals(output.sent, ["a"]);
  release();
  assertEquals(output.sent, ["a", "bc"]);
  release();
  release();
  assertEquals(output.sent, ["a", "bc"]);
  output.answer();
  output.write("d");
  assertEquals(output.sent, ["a", "bc", "d"]);
});

test("a writer that waits for room still waits, and each write is told of once", () => {
  const output = new Output();
  const release = releasing(output as never);
  const told: string[] = [];
  assertEquals(output.write("abcde", () => told.push("a")), false);
  output.write("f", () => told.push("f"));
  assertEquals(told, []);
  release();
  output.answer();
  release();
  output.answer();
  assertEquals(told, ["a", "f"]);
  assertEquals([output.sent, output.writableLength], [["abcde", "f"], 0]);
});

test("a stream of another kind is left alone", () => {
  releasing(undefined)();
  releasing({})();
  const stream = { _writev: undefined };
  releasing(stream as never)();
  assertEquals(stream._writev, undefined);
});

test("only output that has come and is being passed on is waited for", () => {
  const stream = (isRead: boolean, readableLength: number) => {
    const emitter = Object.assign(new EventEmitter(), { readableLength });
    return isRead ? emitter.on("data", () => {}) : emitter;
  };
  const written: (() => void)[] = [];
  const destination = (writableLength: number) => ({
    writableLength,
    write: (_: string, callback: () => void) => written.push(callback),
  });
  const [empty, full] = [destination(0), destination(9)];
  let calls = 0;
  const come = [undefined, stream(false, 0), stream(false, 5)].map((printed) => [printed, full] as const);
  whenPassedOn([...come, [stream(true, 0), empty]], () => calls++);
  assertEquals(calls, 1);
  const [one, other] = [stream(true, 5), stream(true, 1)];
  whenPassedOn([[one, empty], [other, full]], () => calls++);
  one.emit("end");
  other.emit("end");
  assertEquals([calls, written.length], [1, 1]);
  written[0]!();
  assertEquals(calls, 2);
});
