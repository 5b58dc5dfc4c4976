import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Priority, scheduler, sleep, TaskController, TaskPriorityChangeEvent, TaskSignal } from "../../../mod.ts";
import { run } from "../../support/child.ts";
import { spin } from "../../support/spin.ts";
import { testWith } from "../../support/needs.ts";

test("a TaskSignal is an AbortSignal of the host, made by a TaskController, and by nobody else", () => {
  const controller = new TaskController();
  const { signal } = controller;
  assert(controller instanceof AbortController && signal instanceof TaskSignal && signal instanceof AbortSignal);
  assert(signal instanceof EventTarget && controller.signal === signal);
  assertThrows(() => Reflect.construct(TaskSignal, []), TypeError);
  assertThrows(() => {
    (signal as { priority: Priority }).priority = "background";
  }, TypeError);
  assertEquals([signal.priority, signal.aborted, signal.onprioritychange], ["user-visible", false, null]);
  let aborted = 0;
  signal.onabort = () => aborted++;
  controller.abort("why");
  assertEquals([signal.aborted, signal.reason, aborted], [true, "why", 1]);
  assertEquals(String(signal) + String(controller), "[object TaskSignal][object TaskController]");
  assertThrows(() => Object.getOwnPropertyDescriptor(TaskSignal.prototype, "priority")!.get!.call({}), TypeError);
});

test("a host takes a TaskSignal wherever it takes an AbortSignal", async () => {
  const controller = new TaskController();
  const target = new EventTarget();
  let seen = 0;
  target.addEventListener("x", () => seen++, { signal: controller.signal });
  const combined = AbortSignal.any([controller.signal]);
  controller.abort("why");
  target.dispatchEvent(new Event("x"));
  assertEquals([seen, combined.aborted, combined.reason], [0, true, "why"]);
  const error = await fetch("http://127.0.0.1:1/", { signal: controller.signal }).catch((reason) => reason);
  assertEquals(error, "why");
});

test("a controller takes a priority, and refuses what is none", () => {
  for (const priority of ["user-blocking", "user-visible", "background"] as const) {
    assertEquals(new TaskController({ priority }).signal.priority, priority);
  }
  for (const init of [undefined, null, {}, { priority: undefined }, () => {}]) {
    assertEquals(new TaskController(init as never).signal.priority, "user-visible");
  }
  for (
    const init of ["user-visible", 1, true, Symbol("x"), { priority: null }, { priority: "high" }, { priority: 1 }]
  ) {
    assertThrows(() => new TaskController(init as never), TypeError);
  }
  const controller = new TaskController();
  for (const priority of [undefined, null, "unknown", 0, {}]) {
    assertThrows(() => controller.setPriority(priority as never), TypeError);
  }
  assertThrows(
    () => TaskController.prototype.setPriority.call(new AbortController() as never, "background"),
    TypeError,
  );
});

test("an event of a change needs its previous priority", () => {
  const event = new TaskPriorityChangeEvent("prioritychange", { previousPriority: "background", cancelable: true });
  assertEquals([event.type, event.previousPriority, event.cancelable, event.bubbles], [
    "prioritychange",
    "background",
    true,
    false,
  ]);
  assert(event instanceof Event);
  const make = TaskPriorityChangeEvent as unknown as new (...args: unknown[]) => unknown;
  const wrong = [[], [""], ["", {}], ["", "init"], ["", null], ["", { previousPriority: null }], ["", {
    previousPriority: "high",
  }], ["", { previousPriority: undefined }]];
  for (const args of wrong) assertThrows(() => new make(...args), TypeError);
});

test("a change of priority moves the tasks that wait, each among the others by the order of posting", async () => {
  const log: number[] = [];
  const low = new TaskController({ priority: "background" });
  const tasks = [
    scheduler.postTask(() => log.push(0), { signal: low.signal }),
    scheduler.postTask(() => log.push(1)),
    scheduler.postTask(() => log.push(2), { signal: low.signal }),
    scheduler.postTask(() => log.push(3), { priority: "user-blocking" }),
    scheduler.postTask(() => log.push(4), { signal: low.signal }),
    scheduler.postTask(() => log.push(5)),
    scheduler.postTask(() => log.push(6), { signal: low.signal, priority: "background" }),
  ];
  low.setPriority("user-visible");
  await Promise.all(tasks);
  assertEquals(log, [3, 0, 1, 2, 4, 5, 6]);
});

test("each of several signals moves its own tasks only", async () => {
  const log: number[] = [];
  const controllers = [0, 1, 2, 3, 4].map(() => new TaskController({ priority: "background" }));
  const tasks = controllers.map(({ signal }, index) => scheduler.postTask(() => log.push(index), { signal }));
  controllers[2]!.setPriority("user-blocking");
  await Promise.all(tasks);
  assertEquals(log, [2, 0, 1, 3, 4]);
});

test("changes there and back leave the order as it was", async () => {
  const log: number[] = [];
  const controllers = [0, 1, 2].map(() => new TaskController());
  const tasks = controllers.flatMap(({ signal }, index) =>
    [0, 10].map((more) => scheduler.postTask(() => log.push(index + more), { signal }))
  );
  for (const priority of ["background", "user-blocking", "user-visible"] as const) {
    for (const controller of controllers) controller.setPriority(priority);
  }
  await Promise.all(tasks);
  assertEquals(log, [0, 10, 1, 11, 2, 12]);
});

test("a change of the priority of a delayed task holds when it comes into the queue", async () => {
  const controller = new TaskController({ priority: "background" });
  const log: string[] = [];
  const delayed = scheduler.postTask(() => log.push("delayed"), { signal: controller.signal, delay: 2 });
  controller.setPriority("user-blocking");
  await scheduler.postTask(() => spin(8));
  await Promise.all([delayed, sleep(1).then(() => scheduler.postTask(() => log.push("visible")))]);
  assertEquals(log, ["delayed", "visible"]);
});

test("the event tells the old priority when the new one holds; the same priority is no event", () => {
  const controller = new TaskController();
  const log: unknown[] = [];
  controller.signal.addEventListener("prioritychange", (event) => {
    const { type, target, previousPriority } = event as TaskPriorityChangeEvent;
    log.push(type, target === controller.signal, previousPriority, controller.signal.priority);
  });
  controller.setPriority("user-visible");
  controller.setPriority("background");
  assertEquals(log, ["prioritychange", true, "user-visible", "background"]);
});

test("a change while a change is told is refused with NotAllowedError, and possible afterwards", () => {
  const controller = new TaskController();
  const names: string[] = [];
  controller.signal.onprioritychange = () => {
    try {
      controller.setPriority("user-blocking");
    } catch (error) {
      names.push((error as DOMException).name, String(error instanceof DOMException));
    }
  };
  controller.setPriority("background");
  assertEquals([names, controller.signal.priority], [["NotAllowedError", "true"], "background"]);
  controller.signal.onprioritychange = null;
  controller.setPriority("user-blocking");
  assertEquals(controller.signal.priority, "user-blocking");
});

test("onprioritychange is an event handler attribute", () => {
  const controller = new TaskController();
  const { signal } = controller;
  const log: string[] = [];
  const first = (): void => void log.push("first");
  signal.onprioritychange = first;
  assertEquals(signal.onprioritychange, first);
  signal.addEventListener("prioritychange", () => log.push("listener"));
  signal.onprioritychange = () => log.push("second");
  controller.setPriority("background");
  signal.onprioritychange = null;
  controller.setPriority("user-visible");
  const object = {};
  signal.onprioritychange = object as never;
  assertEquals(signal.onprioritychange, object as never);
  controller.setPriority("background");
  signal.onprioritychange = "text" as never;
  assertEquals(signal.onprioritychange, null);
  // The handler keeps its place among the listeners when it is replaced.
  assertEquals(log, ["second", "listener", "listener", "listener"]);
});

test("any() without a source has a fixed priority", () => {
  assertEquals(TaskSignal.any([]).priority, "user-visible");
  for (const priority of ["user-blocking", "user-visible", "background"] as const) {
    const signal = TaskSignal.any([], { priority });
    assert(signal instanceof TaskSignal && signal.priority === priority && !signal.aborted);
    const followed = TaskSignal.any([], { priority: new TaskController({ priority }).signal });
    assertEquals(followed.priority, priority);
    assertEquals(TaskSignal.any([], { priority: signal }).priority, priority);
  }
  for (
    const args of [[], [null], [[{}]], [[null]], [[], "background"], [[], { priority: "x" }], [[], { priority: null }]]
  ) {
    assertThrows(() => (TaskSignal.any as (...args: unknown[]) => unknown)(...args), TypeError);
  }
});

test("any() with a signal as its priority follows it, also through others, and not its abort", () => {
  const controller = new TaskController();
  const direct = TaskSignal.any([], { priority: controller.signal });
  const through = TaskSignal.any([], { priority: TaskSignal.any([], { priority: direct }) });
  const log: unknown[] = [];
  for (const signal of [direct, through]) {
    signal.onprioritychange = function (event) {
      log.push([this === signal, event.target === signal, event.previousPriority, signal.priority]);
    };
  }
  controller.setPriority("background");
  assertEquals(log, [[true, true, "user-visible", "background"], [true, true, "user-visible", "background"]]);
  controller.abort();
  assertEquals([direct.aborted, through.aborted], [false, false]);
});

test("any() takes its abort and its priority from different signals, and the priority after an abort too", () => {
  const priority = new TaskController();
  const abort = new AbortController();
  const signal = TaskSignal.any([abort.signal], { priority: priority.signal });
  let changes = 0;
  signal.onprioritychange = () => changes++;
  priority.setPriority("background");
  abort.abort("why");
  priority.setPriority("user-blocking");
  assertEquals([changes, signal.aborted, signal.reason, signal.priority], [2, true, "why", "user-blocking"]);
});

test("events of a change come at the source first, then at those that follow, in the order of their making", () => {
  const controller = new TaskController();
  const log: number[] = [];
  const signals: TaskSignal[] = [controller.signal];
  for (const source of [0, 0, 1, 2, 0, 3]) signals.push(TaskSignal.any([], { priority: signals[source]! }));
  signals.forEach((signal, index) => signal.addEventListener("prioritychange", () => log.push(index)));
  controller.setPriority("background");
  assertEquals(log, [0, 1, 2, 3, 4, 5, 6]);
});

test("a signal made while a change is told has the new priority, and gets no event of that change", () => {
  for (const inFollower of [false, true]) {
    const controller = new TaskController();
    const signal = inFollower ? TaskSignal.any([], { priority: controller.signal }) : controller.signal;
    let made: TaskSignal | undefined;
    let fired = false;
    signal.onprioritychange = () => {
      made = TaskSignal.any([], { priority: signal });
      made.onprioritychange = () => fired = true;
    };
    controller.setPriority("background");
    assertEquals([made!.priority, fired], ["background", false]);
  }
});

test("tasks move with a signal that follows another one, and stay with one that does not", async () => {
  const controller = new TaskController({ priority: "background" });
  const log: string[] = [];
  const tasks = [
    scheduler.postTask(() => log.push("fixed"), {
      signal: TaskSignal.any([controller.signal], { priority: "background" }),
    }),
    scheduler.postTask(() => log.push("visible")),
    scheduler.postTask(() => log.push("follows"), { signal: TaskSignal.any([], { priority: controller.signal }) }),
  ];
  controller.setPriority("user-blocking");
  await Promise.all(tasks);
  assertEquals(log, ["follows", "visible", "fixed"]);
});

test("a combined signal is aborted with the first of its sources, on every host as the standard has it", () => {
  for (const Controller of [AbortController, TaskController]) {
    const a = new Controller();
    const b = new Controller();
    const combined = TaskSignal.any([a.signal, b.signal, a.signal]);
    const through = TaskSignal.any([combined]);
    const late = TaskSignal.any([a.signal]);
    const log: unknown[] = [];
    const all = [a.signal, combined, through, late];
    all.forEach((signal, index) =>
      signal.addEventListener("abort", (event) => {
        log.push(index, event.target === signal);
      })
    );
    a.signal.addEventListener("abort", () => {
      // All are aborted before the first listener runs, and a second source changes nothing.
      b.abort("second");
      assertEquals(all.map(({ aborted }) => aborted), [true, true, true, true]);
      assertEquals(TaskSignal.any([through]).reason, "first");
      assertThrows(() => combined.throwIfAborted());
    });
    a.abort("first");
    assertEquals(all.map(({ reason }) => reason), ["first", "first", "first", "first"]);
    assertEquals(log, [0, true, 1, true, 2, true, 3, true]);
    assertEquals(TaskSignal.any([AbortSignal.abort("x"), AbortSignal.abort("y")]).reason, "x");
  }
});

test("the reason of a combined signal is the first one although nobody looked at it in between", () => {
  for (const early of [false, true]) {
    const a = new AbortController();
    const b = new AbortController();
    const listen = (): void => a.signal.addEventListener("abort", () => b.abort("second"));
    if (early) listen();
    const combined = TaskSignal.any([a.signal, b.signal]);
    let count = 0;
    combined.onabort = () => count++;
    if (!early) listen();
    a.abort("first");
    assertEquals([combined.reason, count], ["first", 1]);
  }
});

testWith(
  "programs",
  "signals that follow others keep nothing from being collected and are not kept, unless somebody listens or a task waits",
  async () => {
    const program = new URL("./programs/signals_gc.ts", import.meta.url);
    const { stdout, stderr } = await run(program, [], { env: { DENO_V8_FLAGS: "--expose-gc" } });
    const lines = new Map(
      stdout.trimEnd().split("\n").map((line) =>
        [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const
      ),
    );
    for (const what of ["nobody listens", "nobody listens any more", "sources of signals"]) {
      assert(["none", "hardly any"].includes(lines.get(what)!), `${stdout}${stderr}`);
    }
    for (const what of ["somebody listens", "a handler is set", "a task waits"]) {
      assertEquals(lines.get(what), "all", what);
    }
    assertEquals([lines.get("events"), lines.get("signals held")], ["400", "200"]);
  },
);
