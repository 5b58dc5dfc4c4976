import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readAnswer, readControl, readJob, writeBody } from "../../../../io/remote/wire/messages.ts";
import { readValue } from "../../../../io/remote/wire/value_reader.ts";
import { writeValue } from "../../../../io/remote/wire/value_writer.ts";
import { WireError } from "../../../../io/remote/wire/wire_error.ts";
import { callback, QueueFullError } from "../../../../mod.ts";
import { transfer } from "../../../../worker.ts";
import { testWith } from "../../../support/needs.ts";
import { readHostile } from "../../../support/remote_fuzz/readers.ts";

function sent<T>(value: T): T {
  return readValue(writeValue(value, "value")) as T;
}

/** A message with any text. */
function raw(text: string, version = 1, length?: number): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(5 + encoded.length);
  bytes[0] = version;
  new DataView(bytes.buffer).setUint32(1, length ?? encoded.length, true);
  bytes.set(encoded, 5);
  return bytes;
}

const keys = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "a", "length"));

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom(null, undefined, -0, NaN),
    ),
    fc.oneof(
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
      fc.date(),
      fc.uint8Array(),
      fc.float64Array(),
      fc.bigInt64Array(),
      fc.uint8Array().map((bytes) => bytes.slice().buffer),
    ),
    fc.array(tie("value"), { maxLength: 5 }),
    // Of two keys that are objects and alike Bun's comparison finds one, whatever stands beside them.
    fc.array(fc.tuple(fc.oneof(keys, fc.integer()), tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
    fc.array(fc.tuple(keys, tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

test("what was written is what is read", () => {
  fc.assert(fc.property(values, (value) => assertEquals(sent(value), value)), { numRuns: 300 });
});

test("numbers that JSON does not know are kept", () => {
  for (const value of [NaN, Infinity, -Infinity, -0, 0, 1e300, 5e-324]) assert(Object.is(sent(value), value));
});

test("what comes twice in a value is one object again, also in a cycle", () => {
  const list: unknown[] = [1];
  const value = { list, same: list, self: undefined as unknown };
  value.self = value;
  list.push(value);
  const copy = sent(value);
  assert(copy.list === copy.same && copy.self === copy && copy.list[1] === copy);
});

test("views keep their kind, take along their part of a buffer, and share a whole one", () => {
  const pool = new Uint8Array(1000).fill(7);
  const part = sent(pool.subarray(10, 14));
  assertEquals([part.length, part.buffer.byteLength, part[0]], [4, 4, 7]);
  const floats = new Float64Array([1.5, -0]);
  const { a, b, view } = sent({ a: floats, b: new Uint8Array(floats.buffer), view: new DataView(new ArrayBuffer(3)) });
  assert(a instanceof Float64Array && a.buffer === b.buffer);
  assertEquals([a[0], view.byteLength], [1.5, 3]);
});

test("an array keeps its empty places, and a key that is a name of Object.prototype is a key", () => {
  const list = sent([1, , undefined, 2]);
  assertEquals([list.length, 1 in list, 2 in list], [4, false, true]);
  const object = sent(JSON.parse('{"__proto__": {"polluted": 1}, "toString": 2}'));
  assert(Object.getPrototypeOf(object) === Object.prototype && Object.hasOwn(object, "__proto__"));
  assertEquals([object.polluted, object.toString], [undefined, 2]);
});

test("errors keep their name, code, cause and fields, and come back as a class that is known", () => {
  const cause = new RangeError("below", { cause: "root" });
  const error = Object.assign(new TypeError("above", { cause }), {
    code: "E_ABOVE",
    detail: { list: [1n, new URL("a:b")] },
  });
  const copy = sent({ error }).error;
  assert(copy instanceof TypeError && copy.cause instanceof RangeError);
  assertEquals([copy.message, copy.code, copy.cause.cause, copy.detail.list[0]], ["above", "E_ABOVE", "root", 1n]);
  const known = new Map([["QueueFullError", QueueFullError]]);
  const full = readValue(writeValue(new QueueFullError("a pool", 3), "value"), known);
  assert(full instanceof QueueFullError);
  assertEquals(full.limit, 3);
  const own = new Error("in a cycle");
  own.cause = own;
  const again = sent(own);
  assert(again.cause === again);
  assertEquals(sent(new DOMException("gone", "AbortError")).name, "AbortError");
});

test("an error with a field that cannot be sent comes without its fields", () => {
  const copy = sent(Object.assign(new RangeError("kept"), { pattern: /a/ }));
  assert(copy instanceof RangeError);
  assertEquals(copy.message, "kept");
});

test("what only a thread can be given is a TypeError that names the place", () => {
  const given: [unknown, string][] = [
    [{ a: [callback(() => 1)] }, "value.a[0] is a callback()"],
    [transfer(new Uint8Array(1), []), "value is a transfer()"],
  ];
  for (const [value, message] of given) assertThrows(() => writeValue(value, "value"), TypeError, message);
});

testWith("shared memory", "shared memory is a TypeError that names the place", () => {
  const shared = new SharedArrayBuffer(8);
  assertThrows(() => writeValue({ shared }, "value"), TypeError, "value.shared is shared memory");
  assertThrows(() => writeValue(new Int32Array(shared), "value"), TypeError, "value is on shared memory");
});

test("what cannot be sent at all is a DataCloneError that names the place", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 501; level++) deep = [deep];
  for (
    const value of [() => 1, Symbol("s"), new WeakMap(), Promise.resolve(), /a/, deep, new AbortController().signal]
  ) {
    const error = assertThrows(() => writeValue({ value }, "args[0]"), DOMException, "args[0].value");
    assertEquals(error.name, "DataCloneError");
  }
});

test("a message that is cut anywhere is a WireError", () => {
  const bytes = writeValue({ a: [1, "two", new Uint8Array([3, 4])], error: new Error("x") }, "value");
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(() => readValue(bytes.subarray(0, length)), WireError);
  }
});

test("a message of another version is a WireError that tells the version", () => {
  for (const version of [0, 2, 255]) {
    assertEquals(assertThrows(() => readValue(raw("1", version)), WireError).version, version);
  }
});

test("a value of as many levels as may be is sent", () => {
  let value: unknown = [undefined, new Uint8Array([1, 2]).subarray(1)];
  for (let level = 0; level < 498; level++) value = level % 2 === 0 ? [value] : { value };
  assertEquals(sent(value), value);
});

test("a text of many levels that ends too early is refused before it is parsed: V8 would write past its memory", () => {
  for (const open of ['["m",1,', '{"a":[', '["]",', '["\\"]",']) {
    for (let round = 0; round < 20; round++) {
      assertThrows(() => readValue(raw(open.repeat(10_000) + "1")), WireError, "more than 500 levels");
    }
  }
  // Brackets in a string are no levels.
  assertEquals(readValue(raw(JSON.stringify('["\\'.repeat(10_000)))), '["\\'.repeat(10_000));
});

test("hostile messages by the thousand are values or WireErrors, and reach no object of ours", () => {
  const readings = readHostile(2000, 7);
  for (const { taken, refused } of Object.values(readings)) {
    assertEquals(taken + refused, 2000);
    assert(taken > 0 && refused > taken);
  }
});

test("hostile messages are WireErrors, and nothing of them is called", () => {
  const error = (fields: string): string =>
    `["e",{"kind":"error","name":"x","message":"x","stack":["u"],"classes":["a"],"extras":["a"]${fields}}]`;
  const hostile = [
    "[".repeat(10_000) + "]".repeat(10_000),
    '["a",'.repeat(10_000) + "1" + "]".repeat(10_000),
    '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000),
    ...["constructor", "__proto__", "toString", "hasOwnProperty", "", "x"].map((name) => `["${name}", 1]`),
    ...["constructor", "__proto__", "Array", "Function"].map((name) => `["v","${name}",["b",0,0],0,0]`),
    ...[
      '["@",0]',
      '["@",-1]',
      '["a",["@",9]]',
      '["@","length"]',
      '["i","1e5"]',
      '["i",5]',
      '["n","0x10"]',
      '["d","now"]',
    ],
    `["i","${"9".repeat(100_000)}"]`,
    ...['["b",0,1]', '["b",-1,1]', '["b",0,1e99]', '["v","Float64Array",["b",0,0],0,3]', '["v","Uint8Array",{},0,0]'],
    ...['["l","not a url"]', '["l",5]', '["e",5]', '["e",{}]', '["e",{"kind":"constructor"}]', '["e",["u"]]'],
    error(',"kind":"aggregate","errors":5'),
    error(',"cause":{"kind":"error"}'),
    '["e",{"kind":"apart","apart":{"list":["a",1],"gaps":["a",["a",["u"],"x",{"kind":"value","value":1}]]}}]',
    '["e",{"kind":"url","href":"::"}]',
    "",
    "nothing",
    "\ud800",
  ];
  for (const text of hostile) assertThrows(() => readValue(raw(text)), WireError, "cannot be read", text.slice(0, 80));
  assertThrows(() => readValue(raw("1", 1, 0xffffffff)), WireError);
  assertThrows(() => readValue(new Uint8Array([1, 1, 0, 0, 0, 0xff])), WireError);
});

test("an error in a message that holds itself many times over is refused, not made for ever", () => {
  let part = '{"kind":"value","value":1}';
  for (let level = 0; level < 40; level++) {
    const number = 0;
    part = `{"kind":"apart","apart":{"list":["a",{}],"gaps":["a",["a",{},"x",${part}],["a",{},"y",["@",${number}]]]}}`;
  }
  assertThrows(() => readValue(raw(`["e",${part}]`)), WireError);
});

test("whatever bytes come, reading them gives a value or a WireError", () => {
  const written = values.map((value) => writeBody({ id: "a", kind: "done", attempt: 1, worker: "w", value }));
  const changed = fc.tuple(written, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })).map(
    ([bytes, changes]) => {
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return bytes;
    },
  );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), changed, fc.json().map((text) => raw(text))), (bytes) => {
      for (const read of [readValue, readJob, readAnswer, readControl]) {
        try {
          read(bytes);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("jobs, answers and what is said to workers are read only with all that belongs to them", () => {
  const job = { id: "a", name: "add", args: [1], inbox: "millrace.a.inbox.1", at: 1 };
  assertEquals<object>({ ...readJob(writeBody(job)) }, job);
  const inboxes = [
    "",
    "millrace.a.control",
    "millrace.a.task.background.add",
    "millrace.a.inbox.>",
    "$JS.API.INFO",
    "a b",
  ];
  const wrong: object[] = [
    ...inboxes.map((inbox) => ({ inbox })),
    { id: "" },
    { id: 1 },
    { args: {} },
    { at: "now" },
    { timeout: -1 },
    { credit: 0 },
    {
      progress: 1,
    },
  ];
  for (const fields of wrong) assertThrows(() => readJob(writeValue({ ...job, ...fields }, "")), WireError);
  const answer = { id: "a", kind: "done", attempt: 1, worker: "w", value: undefined } as const;
  assertEquals<object>({ ...readAnswer(writeBody(answer)) }, answer);
  assertThrows(() => readAnswer(writeValue({ ...answer, kind: "constructor" }, "")), WireError);
  assertEquals({ ...readControl(writeBody({ kind: "cancel", ids: ["a"] })) }, { kind: "cancel", ids: ["a"] });
  assertThrows(() => readControl(writeValue({ kind: "credit", ids: ["a"] }, "")), WireError);
  for (const value of [null, 1, [], new Map(), "text"]) assertThrows(() => readJob(writeValue(value, "")), WireError);
});
