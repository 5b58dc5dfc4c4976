import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { checkLinearizable, explore, history, type Operation, ScheduleFailure, simulate } from "../../../../testing.ts";

/** What of operations does not depend on the clock. */
const without = (operations: readonly Operation[]) => operations.map(({ start: _, end: __, ...rest }) => rest);

test("an operation is noted with its call, its answer and its place in the order of all", async () => {
  const h = history();
  const value = await h.operation("c1", { name: "put", key: "x", input: 1 }, () => Promise.resolve("old"));
  assertEquals(value, "old");
  assertEquals(await h.operation("c2", { name: "get", key: "x" }, () => 1), 1);
  assertEquals(without(h.operations), [
    { client: "c1", name: "put", key: "x", input: 1, output: "old", outcome: "ok", call: 0, return: 1 },
    { client: "c2", name: "get", key: "x", output: 1, outcome: "ok", call: 2, return: 3 },
  ]);
  assertEquals(h.size, 2);
});

test("an operation that throws has an unknown outcome, rejects with its error, and gives its client a new name", async () => {
  const h = history();
  const reset = new Error("reset");
  const error = await assertRejects(() => h.operation("c1", { name: "write", input: 1 }, () => Promise.reject(reset)));
  assert(error === reset);
  const thrown = await assertRejects(() =>
    h.operation("c1", { name: "write", input: 2 }, () => {
      throw reset;
    })
  );
  assert(thrown === reset);
  await h.operation("c1", { name: "read" }, () => 1);
  await h.operation("c1", { name: "read" }, () => 1);
  assertEquals(h.operations.map(({ client, outcome }) => [client, outcome]), [
    ["c1", "unknown"],
    ["c1'2", "unknown"],
    ["c1'3", "ok"],
    ["c1'3", "ok"],
  ]);
  assertEquals(h.operations[0]!.return, undefined);
  assertMatch(h.operations[0]!.error!, /reset/);
});

test("what is known to have failed is said by the history or the operation, and the client keeps its name", async () => {
  class Refused extends Error {}
  const refuse = () => Promise.reject(new Refused());
  const ofHistory = history({ failed: (error) => error instanceof Refused });
  await assertRejects(() => ofHistory.operation("c1", { name: "write", input: 1 }, refuse), Refused);
  const ofOperation = history();
  const settings = { name: "write", input: 1, failed: (error: unknown) => error instanceof Refused };
  await assertRejects(() => ofOperation.operation("c1", settings, refuse), Refused);
  for (const h of [ofHistory, ofOperation]) {
    await h.operation("c1", { name: "read" }, () => null);
    assertEquals(h.operations.map(({ client, outcome }) => [client, outcome]), [["c1", "failed"], ["c1", "ok"]]);
    assert(checkLinearizable(h, "register").ok);
  }
  const broken = history({
    failed: () => {
      throw new Error("of the classifier");
    },
  });
  await assertRejects(() => broken.operation("c1", { name: "write" }, refuse), Refused);
  assertEquals(broken.operations[0]!.outcome, "unknown");
});

test("operations of one client never overlap: one that begins before the last has ended is of another name", () => {
  const h = history();
  const first = h.call("c1", { name: "read" });
  const second = h.call("c1", { name: "read" });
  assertEquals([first.client, second.client], ["c1", "c1'2"]);
  first.ok(1);
  second.ok(1);
  assertEquals(h.call("c1", { name: "read" }).client, "c1");
  assertEquals(h.call("c1'2", { name: "read" }).client, "c1'2'2", "a name that somebody has is nobody else's");
});

test("an operation ends once", () => {
  const h = history();
  const put = h.call("c1", { name: "put", input: 1 });
  put.unknown();
  assertThrows(() => put.ok(), Error, 'put of c1 has ended already: it is "unknown", and cannot be "ok"');
  assertEquals(h.operations[0]!.outcome, "unknown");
});

test("an operation that is still open has an unknown outcome", () => {
  const h = history();
  h.call("c1", { name: "write", input: 1 });
  h.call("c2", { name: "read" }).ok(1);
  h.call("c2", { name: "read" }).ok(null);
  assertEquals(h.operations.map(({ outcome }) => outcome), ["unknown", "ok", "ok"]);
  assertEquals(checkLinearizable(h, "register").result, "violation");
});

test("what was given and answered stays as it was when it is changed later", () => {
  const h = history();
  const input = { list: [1] };
  const open = h.call("c1", { name: "put", input });
  const output = [1];
  open.ok(output);
  input.list.push(2);
  output.push(2);
  assertEquals([h.operations[0]!.input, h.operations[0]!.output], [{ list: [1] }, [1]]);
  h.call("c1", { name: "put", input: () => {} }).ok(Symbol("s"));
  assertEquals(h.operations[1]!.output, "Symbol(s)");
});

test("the answer is what output makes of the result; if it throws, the outcome is unknown", async () => {
  const h = history();
  const response = { status: 200, body: "5" };
  const result = await h.operation(
    "c1",
    { name: "read", output: ({ body }: typeof response) => +body },
    () => response,
  );
  assert(result === response);
  const wrong = () => {
    throw new Error("no body");
  };
  await assertRejects(() => h.operation("c1", { name: "read", output: wrong }, () => response), Error, "no body");
  assertEquals(h.operations.map(({ outcome, output }) => [outcome, output]), [["ok", 5], ["unknown", undefined]]);
});

test("a history is the same after JSON, and goes on where it ended", () => {
  const h = history();
  h.call("c1", { name: "write", input: { a: undefined, b: 1 } }).ok();
  h.call("c2", { name: "write", input: 2 });
  h.call("c3", { name: "read" }).ok({ b: 1 });
  h.call("c3", { name: "read" }).fail();
  const again = history({ operations: JSON.parse(JSON.stringify(h)) });
  assertEquals(JSON.stringify(again), JSON.stringify(h));
  assertEquals(again.call("c3", { name: "read" }).client, "c3'2");
  assert(again.operations.at(-1)!.call > 5);
  assertEquals(checkLinearizable(again, "register").result, "linearizable");
});

test("operations from elsewhere are checked, with what is wrong", () => {
  const good = { client: "c1", name: "read", call: 1, return: 2 };
  const wrong: [unknown, RegExp, typeof TypeError | typeof RangeError][] = [
    [1, /Operation 1 has to be an object: received 1/, TypeError],
    [{ ...good, client: 7 }, /client of operation 1 has to be a string: received 7/, TypeError],
    [{ ...good, key: 7 }, /key of operation 1 has to be a string: received 7/, TypeError],
    [{ ...good, call: "1" }, /call of operation 1 has to be a finite number: received "1"/, TypeError],
    [{ ...good, return: 0 }, /return of operation 1 has to be at its call, 1, or later: received 0/, RangeError],
    [{ ...good, outcome: "done" }, /outcome of operation 1 has to be "ok", "failed" or "unknown"/, TypeError],
    [{ client: "c1", name: "read", call: 1, outcome: "ok" }, /return of operation 1 has to be a number/, TypeError],
  ];
  for (const [operation, message, kind] of wrong) {
    const error = assertThrows(() => history({ operations: [good, operation as never] }), kind);
    assertMatch(error.message, message);
    assertThrows(() => checkLinearizable([good, operation as never], "register"), kind);
  }
  assertThrows(() => checkLinearizable("log" as never, "register"), TypeError, 'received "log"');
});

test("calls of a wrong kind are refused at the call", () => {
  const h = history();
  assertThrows(() => h.operation(1 as never, { name: "read" }, () => 1), TypeError, "A client has to be a string");
  assertThrows(() => h.operation("c1", { name: "read" }, 1 as never), TypeError, "has to be a function: received 1");
  assertThrows(() => h.call("c1", "read" as never), TypeError, "has to be an object with a name");
  assertThrows(() => h.call("c1", { name: 1 } as never), TypeError, "received 1");
  assertThrows(() => h.call("c1", { name: "get", key: 1 } as never), TypeError, "received 1");
  assertThrows(() => h.call("c1", { name: "get", kye: "x" } as never), TypeError, '"kye"');
  assertEquals(h.size, 0);
});

test("in a simulation the times are those of its clock", async () => {
  const h = history();
  await simulate(async (sim) => {
    await h.operation("c1", { name: "read" }, () => sim.io("read").then(() => null));
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    await h.operation("c1", { name: "read" }, () => wait(60_000).then(() => null));
  });
  const { start, end } = h.operations[1]!;
  assertEquals(Math.round(end! - start!), 60_000);
});

/** Two copies, of which the second is told later, and a client that reads first one and then the other. */
const staleCopy = async (sim: Parameters<Parameters<typeof explore>[0]>[0]) => {
  const h = history();
  let first = 0;
  let second = 0;
  await Promise.all([
    h.operation("writer", { name: "write", input: 1 }, async () => {
      await sim.io("write the first");
      first = 1;
      await sim.io("write the second");
      second = 1;
    }),
    (async () => {
      await h.operation("reader", { name: "read" }, () => sim.io("read the first").then(() => first));
      await h.operation("reader", { name: "read" }, () => sim.io("read the second").then(() => second));
    })(),
  ]);
  const verdict = checkLinearizable(h, { ...registerOfZero });
  if (!verdict.ok) throw new Error(verdict.message);
};

const registerOfZero = {
  name: "register",
  init: () => 0,
  step: (value: number, { name, input, output }: Operation) =>
    name === "write" ? input as number : output === value ? value : undefined,
};

test("in an exploration every schedule has its history, and one that has no order is a failure", async () => {
  const error = await assertRejects(() => explore(staleCopy), ScheduleFailure);
  assertMatch(String((error.cause as Error).message), /Not linearizable: reader: read → 0 fits nowhere/);
});
