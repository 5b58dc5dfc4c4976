/**
 * The shape of what the standard calls its interfaces: what a program sees that looks at classes instead of using them, and how
 * arguments are converted.
 */

import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Scheduler, scheduler, TaskController, TaskPriorityChangeEvent, TaskSignal } from "../../../mod.ts";

type Class = { readonly prototype: object; readonly name: string; readonly length: number };

/** Each class with the class it extends and how many arguments it needs; its methods with how many those need; its attributes. */
const interfaces: {
  of: Class;
  extends: Class | undefined;
  length: number;
  methods: Record<string, number>;
  statics?: Record<string, number>;
  attributes: Record<string, "read-only" | "writable">;
}[] = [
  { of: Scheduler, extends: undefined, length: 0, methods: { postTask: 1, yield: 0 }, attributes: {} },
  { of: TaskController, extends: AbortController, length: 0, methods: { setPriority: 1 }, attributes: {} },
  {
    of: TaskSignal,
    extends: AbortSignal,
    length: 0,
    methods: {},
    statics: { any: 1 },
    attributes: { priority: "read-only", onprioritychange: "writable" },
  },
  {
    of: TaskPriorityChangeEvent,
    extends: Event,
    length: 2,
    methods: {},
    attributes: { previousPriority: "read-only" },
  },
];

function member(of: object, name: string | symbol): PropertyDescriptor {
  return Object.getOwnPropertyDescriptor(of, name)!;
}

for (const { of, extends: base, length, methods, statics, attributes } of interfaces) {
  test(`${of.name} looks as the standard's interface does in a browser`, () => {
    assertEquals([of.length, Object.getPrototypeOf(of)], [length, base ?? Function.prototype]);
    assertEquals(Object.getPrototypeOf(of.prototype), base?.prototype ?? Object.prototype);
    assertEquals(member(of.prototype, Symbol.toStringTag), {
      value: of.name,
      writable: false,
      enumerable: false,
      configurable: true,
    });
    assert(!member(of.prototype, "constructor").enumerable && !member(of, "prototype").writable);
    assertThrows(() => Reflect.apply(of as unknown as () => void, undefined, []), TypeError);
    for (const [owner, all] of [[of.prototype, methods], [of, statics ?? {}]] as const) {
      for (const [name, needed] of Object.entries(all)) {
        const { value, writable, enumerable, configurable } = member(owner, name);
        assertEquals([value.name, value.length, writable, enumerable, configurable], [name, needed, true, true, true]);
        assertThrows(() => Reflect.construct(value, []), TypeError);
      }
    }
    for (const [name, access] of Object.entries(attributes)) {
      const { get, set, enumerable, configurable } = member(of.prototype, name);
      assertEquals([get!.name, set?.name, enumerable, configurable], [
        `get ${name}`,
        access === "writable" ? `set ${name}` : undefined,
        true,
        true,
      ]);
      for (
        const self of [undefined, null, {}, of.prototype, Object.create(of.prototype), new AbortController().signal]
      ) {
        assertThrows(() => get!.call(self), TypeError);
        if (set !== undefined) assertThrows(() => set.call(self, null), TypeError);
      }
    }
  });
}

test("a controller's signal is a TaskSignal with nothing of its own, always the same", () => {
  const controller = new TaskController();
  assertEquals(Object.getPrototypeOf(controller.signal), TaskSignal.prototype);
  assertEquals([Object.keys(controller), Object.keys(controller.signal)], [[], []]);
  assert(controller.signal === controller.signal);
  class Named extends TaskController {
    readonly name = "named";
  }
  const named = new Named({ priority: "background" });
  named.setPriority("user-blocking");
  assertEquals([named.name, named.signal.priority], ["named", "user-blocking"]);
});

test("the options of postTask are read in the order of their names, each converted before the next is read", async () => {
  const log: string[] = [];
  const options = {
    get signal() {
      log.push("signal");
      return undefined;
    },
    get priority() {
      log.push("priority");
      return { toString: () => (log.push("to a string"), "background") };
    },
    get delay() {
      log.push("delay");
      return { valueOf: () => (log.push("to a number"), 0) };
    },
  };
  await scheduler.postTask(() => {}, options as never);
  assertEquals(log, ["delay", "to a number", "priority", "to a string", "signal"]);
  // The first that is wrong is the one that is told.
  await assertRejects(
    () => scheduler.postTask(() => {}, { delay: -1, priority: "x", signal: {} } as never),
    TypeError,
    "-1",
  );
});

test("what an event is made with is converted in the standard's order: the type, what all events have, its own", () => {
  const log: string[] = [];
  const names = ["previousPriority", "composed", "cancelable", "bubbles"] as const;
  const init = {};
  for (const name of names) {
    Object.defineProperty(init, name, {
      get: () => (log.push(name), name === "previousPriority" ? "background" : "yes"),
    });
  }
  const event = new TaskPriorityChangeEvent({ toString: () => (log.push("type"), "made") } as never, init as never);
  assertEquals(log, ["type", "bubbles", "cancelable", "composed", "previousPriority"]);
  assertEquals([event.type, event.bubbles, event.cancelable, event.composed], ["made", true, true, true]);
  assertEquals([event.isTrusted, event.target, event.previousPriority], [false, null, "background"]);
  assertThrows(
    () => new TaskPriorityChangeEvent(Symbol("type") as never, { previousPriority: "background" }),
    TypeError,
  );
});

test("priorities are converted to strings, and signals have to be those of the host", async () => {
  const controller = new TaskController({ priority: ["background"] as never });
  controller.setPriority({ toString: () => "user-blocking" } as never);
  assertEquals(controller.signal.priority, "user-blocking");
  assertEquals(TaskSignal.any([], { priority: ["background"] as never }).priority, "background");
  const none = [Object.create(TaskSignal.prototype), TaskSignal.prototype, AbortSignal.prototype, new EventTarget()];
  for (const signal of none) {
    await assertRejects(() => scheduler.postTask(() => {}, { signal }), TypeError);
    assertThrows(() => TaskSignal.any([signal]), TypeError);
  }
  for (const signals of ["", 1, true, {}, undefined]) assertThrows(() => TaskSignal.any(signals as never), TypeError);
  for (const signals of [new Set([controller.signal]), [controller.signal].values()]) {
    assert(TaskSignal.any(signals) instanceof TaskSignal);
  }
});

test("any needs no this, and the other static methods are the host's: they make no TaskSignal", () => {
  const { any } = TaskSignal;
  assert(any([]) instanceof TaskSignal && any.call(AbortSignal as never, []) instanceof TaskSignal);
  assert(!(TaskSignal.abort() instanceof TaskSignal) && TaskSignal.abort("why").reason === "why");
  const controller = new TaskController();
  const plain = AbortSignal.any([controller.signal]);
  assert(!(plain instanceof TaskSignal));
});

test("yield takes no arguments, and looks at none", async () => {
  const call = scheduler.yield.bind(scheduler) as (...args: unknown[]) => Promise<void>;
  assertEquals(await call({ priority: "none", signal: 1 }), undefined);
});
