import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkLinearizable,
  history,
  type Model,
  type ModelLike,
  models,
  type Operation,
  type OperationData,
} from "../../../../testing.ts";
import { drawOf, kinds, played } from "../../../support/histories.ts";

/** Operations that follow each other: who, what, and what was given and answered. */
function inTurn(...operations: [client: string, name: string, input?: unknown, output?: unknown][]): OperationData[] {
  return operations.map(([client, name, input, output], at) => ({
    client,
    name,
    call: 2 * at,
    return: 2 * at + 1,
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
  }));
}

const nothing = null;
const none = undefined;

test("a history without operations is linearizable", () => {
  const verdict = checkLinearizable(history(), "register");
  assertEquals([verdict.ok, verdict.result, verdict.steps, verdict.operations], [true, "linearizable", 0, []]);
});

/** For each model what it allows, and what it does not, with how many operations show that. */
const cases: readonly [model: ModelLike, legal: OperationData[], illegal: OperationData[], shown: number][] = [
  [
    "register",
    inTurn(["a", "write", 1], ["b", "read", none, 1]),
    inTurn(["a", "write", 1], ["b", "read", none, nothing]),
    2,
  ],
  ["register", inTurn(["a", "cas", [nothing, 1], true]), inTurn(["a", "cas", [nothing, 1], false]), 1],
  [
    models.register(1),
    inTurn(["a", "cas", { from: 2, to: 3 }, false], ["b", "cas", { from: 1, to: 3 }, true], ["a", "read", none, 3]),
    inTurn(["a", "cas", { from: 1, to: 2 }, true], ["b", "cas", { from: 1, to: 3 }, true]),
    2,
  ],
  [
    "map",
    inTurn(["a", "put", { key: "x", value: 1 }], ["a", "get", "x", 1], ["a", "get", "y"], ["b", "delete", "x", true]),
    inTurn(["a", "put", { key: "x", value: 1 }], ["a", "delete", { key: "x" }, true], ["b", "has", "x", true]),
    3,
  ],
  [models.map({ x: 5 }), inTurn(["a", "get", "x", 5]), inTurn(["a", "get", "x", nothing]), 1],
  [
    "set",
    inTurn(["a", "add", 1, true], ["a", "add", 1, false], ["b", "remove", 1, true], ["b", "has", 1, false]),
    inTurn(["a", "add", 1], ["a", "add", 2], ["b", "has", 1, false]),
    2,
  ],
  [
    models.set(["a"]),
    inTurn(["a", "add", "b"], ["b", "list", none, ["b", "a"]]),
    inTurn(["a", "add", "b"], ["b", "list", none, ["a"]]),
    2,
  ],
  [
    "queue",
    inTurn(["a", "put", 1], ["a", "put", 2], ["b", "take", none, 1], ["b", "take", none, 2], [
      "b",
      "take",
      none,
      nothing,
    ]),
    inTurn(["a", "put", 1], ["a", "put", 2], ["b", "take", none, 1], ["c", "take", none, 1]),
    3,
  ],
  [
    models.queue,
    inTurn(["b", "take"], ["a", "put", { id: 1 }], ["b", "take", none, { id: 1 }]),
    inTurn(["a", "put", 1], ["b", "take", none, nothing]),
    2,
  ],
  [
    "counter",
    inTurn(["a", "add"], ["a", "add", 5, 6], ["b", "subtract", 2], ["b", "read", none, 4]),
    inTurn(["a", "add"], ["b", "add", 1, 1]),
    2,
  ],
  [
    "appendOnlyList",
    inTurn(["a", "append", 1, 1], ["b", "append", 2], ["b", "read", none, [1, 2]]),
    inTurn(["a", "append", 1], ["b", "append", 2], ["b", "read", none, [2, 1]]),
    2,
  ],
  [
    "lock",
    inTurn(["a", "acquire", none, 3], ["b", "acquire", none, false], ["a", "release", 3], ["b", "acquire", none, 4]),
    inTurn(["a", "acquire", none, 3], ["b", "acquire", none, 4]),
    2,
  ],
  [
    "lock",
    inTurn(["a", "acquire", none, 1]),
    inTurn(["a", "acquire", none, 2], ["a", "release", 2], ["b", "acquire", none, 1]),
    2,
  ],
];

for (const [index, [model, legal, illegal, shown]] of cases.entries()) {
  const name = typeof model === "string" ? model : typeof model === "function" ? model().name : model.name;
  test(`the model of a ${name} allows what it may do, and nothing else (${index + 1})`, () => {
    const good = checkLinearizable(legal, model);
    assertEquals([good.result, good.ok, good.order.length], ["linearizable", true, legal.length], good.message);
    const bad = checkLinearizable(illegal, model);
    assertEquals([bad.result, bad.ok, bad.operations.length], ["violation", false, shown], bad.message);
  });
}

test("an operation whose outcome is unknown may take effect late or never, but not before its call", () => {
  const write: OperationData = { client: "a", name: "write", input: 1, call: 0 };
  const reads = (...values: unknown[]) =>
    inTurn(...values.map((value): [string, string, unknown, unknown] => ["b", "read", none, value]));
  const later = reads(nothing, nothing, 1).map((each) => ({ ...each, call: each.call + 1, return: each.return! + 1 }));
  assert(checkLinearizable([write, ...later], "register").ok);
  assert(checkLinearizable([write, ...reads(nothing, nothing)], "register").ok);
  assert(!checkLinearizable([write, ...reads(1, nothing)], "register").ok, "once it has, it stays");
  assert(!checkLinearizable([...reads(1), { ...write, call: 2 }], "register").ok);
});

test("one operation of unknown outcome may have made room for another", () => {
  const open = (client: string, name: string, input?: unknown): OperationData => ({ client, name, input, call: 0 });
  const swap = open("b", "cas", { from: 5, to: 7 });
  const read: OperationData = { client: "c", name: "read", output: 7, call: 1, return: 2 };
  assert(checkLinearizable([open("a", "write", 5), swap, read], "register").ok);
  assert(!checkLinearizable([open("a", "write", 6), swap, read], "register").ok);
  const refused: OperationData = { client: "c", name: "cas", input: [null, 1], output: false, call: 1, return: 2 };
  assert(checkLinearizable([open("a", "write", 6), refused], "register").ok);
  const take: OperationData = { client: "c", name: "take", output: 2, call: 1, return: 2 };
  assert(checkLinearizable([open("a", "put", 1), open("b", "put", 2), open("d", "take"), take], "queue").ok);
});

test("an operation that failed took no effect", () => {
  const failed: OperationData = { client: "a", name: "write", input: 1, call: 0, return: 1, outcome: "failed" };
  const read: OperationData = { client: "b", name: "read", output: 1, call: 2, return: 3 };
  assert(!checkLinearizable([failed, read], "register").ok);
  assert(checkLinearizable([failed, { ...read, output: nothing }], "register").ok);
});

test("operations that touch in time overlap", () => {
  const write: OperationData = { client: "a", name: "write", input: 1, call: 0, return: 5 };
  const read: OperationData = { client: "b", name: "read", output: nothing, call: 5, return: 6 };
  assert(checkLinearizable([write, read], "register").ok);
  assert(!checkLinearizable([write, { ...read, call: 5.001 }], "register").ok);
});

test("a violation says what was seen, what it should have been, and how much is shown", () => {
  const h = history();
  for (const [at, value] of ["old", "new"].entries()) h.call(`c${at}`, { name: "put", key: "x", input: value }).ok();
  h.call("c2", { name: "put", key: "y", input: "other" }).ok();
  h.call("c2", { name: "get", key: "x" }).ok("old");
  const verdict = checkLinearizable(h, "map");
  assertEquals(
    verdict.message,
    'Not linearizable at "x": c2: get → "old" fits nowhere: after c0: put "old", c1: put "new" the map is "new" ' +
      "(3 of 4 operations shown)",
  );
  assertEquals(verdict.part, "x");
  assertEquals(verdict.stuck?.output, "old");
  assertEquals(verdict.order.map(({ input }) => input), ["old", "new"]);
  assertEquals(verdict.labels, ['put "old"', 'put "new"', 'get → "old"']);
});

test("what else wrote the same value is not left out of what is shown", () => {
  const operations = inTurn(
    ["a", "write", true],
    ["a", "write", false],
    ["a", "write", true],
    ["b", "read", none, true],
    ["a", "write", false],
    ["b", "read", none, true],
  );
  const verdict = checkLinearizable(operations, "register");
  assertEquals(verdict.operations.map(({ call }) => call), [0, 4, 8, 10]);
});

test("a check that is out of budget says unknown, and is not ok", () => {
  const { operations } = played(kinds["register"]!, 50, drawOf(1), { clients: 5 });
  const verdict = checkLinearizable(operations, "register", { budget: 20 });
  assertEquals([verdict.result, verdict.ok, verdict.steps], ["unknown", false, 21]);
  assertEquals(
    verdict.message,
    "It is not known whether this is the history of a register: 21 steps were not enough for 50 operations. That is no pass",
  );
  assertEquals(checkLinearizable(operations, "register", { order: "sequential", budget: 20 }).result, "unknown");
});

test("a violation of a short part is found although a long part is out of budget", () => {
  const { operations } = played(kinds["register"]!, 60, drawOf(1), { clients: 5, keys: ["long"] });
  const short: OperationData = { client: "x", name: "read", key: "short", output: 1, call: 1e6, return: 1e6 + 1 };
  assertEquals(checkLinearizable([...operations, short], "register", { budget: 20 }).result, "violation");
});

test("only the order of each client is kept where that is asked for, over all keys at once", () => {
  const late = inTurn(["a", "write", 1], ["b", "read", none, nothing], ["b", "read", none, 1]);
  assert(!checkLinearizable(late, "register").ok);
  const verdict = checkLinearizable(late, "register", { order: "sequential" });
  assertEquals([verdict.ok, verdict.order.map(({ call }) => call)], [true, [2, 0, 4]]);
  const crossed = inTurn(["a", "put", 1], ["a", "get"], ["b", "put", 1], ["b", "get"])
    .map((each, at) => ({ ...each, key: ["x", "y", "y", "x"][at]! }));
  assertEquals(
    checkLinearizable(crossed, "map", { order: "sequential" }).result,
    "violation",
    "each key alone is fine",
  );
});

test("a model of one's own has its steps, parts, identities and words", () => {
  const bank: Model<Readonly<Record<string, number>>> = {
    name: "bank",
    init: () => ({ a: 10, b: 0 }),
    step(accounts, { input, output, outcome }) {
      const { from, to, sum } = input as { from: "a" | "b"; to: "a" | "b"; sum: number };
      const isDone = accounts[from]! >= sum;
      if (outcome === "ok" && output !== isDone) return undefined;
      return isDone ? { ...accounts, [from]: accounts[from]! - sum, [to]: accounts[to]! + sum } : accounts;
    },
    identity: ({ a, b }) => `${a} ${b}`,
    describe: ({ input, output }) => `${(input as { sum: number }).sum} ${output}`,
    describeState: ({ a, b }) => `a ${a}, b ${b}`,
  };
  const twice = inTurn(
    ...Array.from(
      { length: 2 },
      (_, at) => [`c${at}`, "move", { from: "a", to: "b", sum: 8 }, true] as [string, string, unknown, unknown],
    ),
  );
  assertEquals(
    checkLinearizable(twice, bank).message,
    "Not linearizable: c1: 8 true fits nowhere: after c0: 8 true the bank is a 2, b 8",
  );
});

test("arguments of a wrong kind or range are refused at the call, with what was received", () => {
  const check = (model: unknown, options?: unknown) => () => checkLinearizable([], model as never, options as never);
  assertThrows(check("stack"), TypeError, '"register", "map", "set", "queue"');
  assertThrows(check("stack"), TypeError, 'received "stack"');
  assertThrows(check({ init: () => 0 }), TypeError, "init and step");
  assertThrows(check(undefined), TypeError, "received undefined");
  assertThrows(check("register", { budget: 0 }), RangeError, "received 0");
  assertThrows(check("register", { order: "causal" }), RangeError, 'received "causal"');
  assertThrows(check("register", { order: 1 }), TypeError, "received 1");
  const ask = (model: ModelLike, name: string, rest: Partial<Operation>) => () =>
    checkLinearizable([{ client: "a", name, call: 0, return: 1, ...rest }], model);
  assertThrows(ask("register", "pop", {}), TypeError, 'are read, write, cas: received "pop"');
  assertThrows(ask("register", "cas", { input: 1, output: true }), TypeError, "{ from, to }: received 1");
  assertThrows(ask("register", "cas", { input: [1, 2] }), TypeError, "true or false: received undefined");
  assertThrows(ask("map", "get", {}), TypeError, "needs a key");
  assertThrows(ask("set", "list", { output: 1 }), TypeError, "a list: received 1");
  assertThrows(() => models.set(1 as never), TypeError, "received 1");
  assertThrows(() => models.counter("1" as never), TypeError, 'received "1"');
});
