import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { allowsOrder, type LoopApi, type LoopProgram, predictOrders, type ProfileName } from "../../../../testing.ts";

const servers: readonly ProfileName[] = ["node", "node18", "deno", "bun"];

/** All orders of a program, each in one line. */
function orders(program: LoopProgram, profile: ProfileName): string[] {
  return predictOrders(program, profile).map((order) => order.join(" ")).sort();
}

/** A callback that logs its name, and that of a tick and a microtask it asks for. */
function noting(loop: LoopApi, name: string): () => void {
  return () => {
    loop.log(name);
    loop.promise(() => loop.log(`${name}.m`));
    loop.nextTick(() => loop.log(`${name}.t`));
  };
}

const timerAndImmediate: LoopProgram = (loop) => {
  loop.setTimeout(() => loop.log("timeout"), 0);
  loop.setImmediate(() => loop.log("immediate"));
};

test("a timer of 0 ms and an immediate come in either order after the main script, in one order after I/O", () => {
  for (const profile of servers) {
    assertEquals(orders(timerAndImmediate, profile), ["immediate timeout", "timeout immediate"], profile);
    assertEquals(orders((loop) => loop.io(() => timerAndImmediate(loop)), profile), ["immediate timeout"], profile);
  }
});

test("a timer that is overdue comes before an immediate of the main script", () => {
  for (const profile of servers) {
    const program: LoopProgram = (loop) => {
      timerAndImmediate(loop);
      loop.spin(5);
    };
    assertEquals(orders(program, profile), ["timeout immediate"], profile);
  }
});

test("ticks come before microtasks, and both alternate until there are none", () => {
  const program: LoopProgram = (loop) => {
    loop.nextTick(() => {
      loop.log("t1");
      loop.nextTick(() => loop.log("t3"));
      loop.queueMicrotask(() => loop.log("m3"));
    });
    loop.nextTick(() => loop.log("t2"));
    loop.promise(() => {
      loop.log("m1");
      loop.nextTick(() => loop.log("t4"));
    });
    loop.queueMicrotask(() => loop.log("m2"));
  };
  for (const profile of servers) assertEquals(orders(program, profile), ["t1 t2 t3 m1 m2 m3 t4"], profile);
});

test("ticks and microtasks run between two timers, and between two immediates", () => {
  const timers: LoopProgram = (loop) => {
    loop.setTimeout(noting(loop, "a"), 1);
    loop.setTimeout(noting(loop, "b"), 1);
  };
  const immediates: LoopProgram = (loop) => {
    loop.setImmediate(noting(loop, "a"));
    loop.setImmediate(noting(loop, "b"));
  };
  for (const profile of servers) {
    for (const program of [timers, immediates]) {
      assertEquals(orders(program, profile), ["a a.t a.m b b.t b.m"], profile);
    }
  }
});

test("an immediate of an immediate comes in the next iteration", () => {
  const program: LoopProgram = (loop) => {
    loop.setImmediate(() => {
      loop.log("1");
      loop.setImmediate(() => loop.log("3"));
    });
    loop.setImmediate(() => loop.log("2"));
  };
  for (const profile of servers) assertEquals(orders(program, profile), ["1 2 3"], profile);
});

test("timers of one duration keep their order, and delays of 0 and 1 ms are one duration", () => {
  const program: LoopProgram = (loop) => {
    loop.setTimeout(() => loop.log("1"), 1);
    loop.setTimeout(() => loop.log("0"), 0);
    loop.setTimeout(() => loop.log("too long"), 2 ** 31);
    loop.setTimeout(() => loop.log("none"), NaN);
  };
  for (const profile of servers) assertEquals(orders(program, profile), ["1 0 too long none"], profile);
});

test("all due timers of the list that is due first run before those of another list; Bun goes by deadline", () => {
  const program: LoopProgram = (loop) => {
    loop.setTimeout(() => loop.log("100"), 100);
    loop.setTimeout(() => loop.log("10, deadline 10"), 10);
    loop.spin(130);
    loop.setTimeout(() => loop.log("10, deadline 140"), 10);
    loop.spin(30);
  };
  const byLists = ["10, deadline 10", "10, deadline 140", "100"];
  const byDeadline = ["10, deadline 10", "100", "10, deadline 140"];
  for (const profile of ["node", "node18", "deno"] as const) {
    assert(allowsOrder(program, profile, byLists), profile);
    assert(!allowsOrder(program, profile, byDeadline), profile);
  }
  for (const profile of ["bun", "browser"] as const) {
    assert(!allowsOrder(program, profile, byLists), profile);
    assert(allowsOrder(program, profile, byDeadline), profile);
  }
});

test("a timer set first with the earlier deadline never comes after the later one, however slow the host is", () => {
  for (const profile of [...servers, "browser"] as const) {
    const program: LoopProgram = (loop) => {
      loop.setTimeout(() => loop.log("10"), 10);
      loop.setTimeout(() => loop.log("500"), 500);
    };
    assertEquals(orders(program, profile), ["10 500"], profile);
  }
});

test("a slow host lets a long timer that was set first come before a short one set later", () => {
  const program: LoopProgram = (loop) => {
    loop.setTimeout(() => loop.log("500"), 500);
    loop.setTimeout(() => loop.log("10"), 10);
  };
  assertEquals(orders(program, "node"), ["10 500", "500 10"]);
});

test("a timer that a microtask behind the last timer sets runs in the same phase on Node 18, maybe on Node 20, not on Deno", () => {
  const program: LoopProgram = (loop) =>
    void loop.setTimeout(() => {
      loop.nextTick(() => {
        loop.setTimeout(() => loop.log("timer"), 1);
        loop.spin(5);
        // Reads the clock once more.
        loop.setTimeout(() => {}, 50);
      });
      loop.setImmediate(() => loop.log("immediate"));
    }, 5);
  assertEquals(orders(program, "node18"), ["timer immediate"]);
  assertEquals(orders(program, "node"), ["immediate timer", "timer immediate"]);
  assertEquals(orders(program, "deno"), ["immediate timer"]);
});

test("a timer that a timer sets never runs in the same phase", () => {
  const program: LoopProgram = (loop) =>
    void loop.setTimeout(() => {
      loop.setTimeout(() => loop.log("timer"), 1);
      loop.spin(5);
      loop.setImmediate(() => loop.log("immediate"));
    }, 5);
  for (const profile of servers) assertEquals(orders(program, profile), ["immediate timer"], profile);
});

test("a message sent from I/O comes after the immediate on Node, in the same round of tasks on Bun", () => {
  const program: LoopProgram = (loop) =>
    loop.io(() => {
      loop.message(() => loop.log("message"));
      loop.setImmediate(() => loop.log("immediate"));
    });
  assertEquals(orders(program, "node"), ["immediate message"]);
  assertEquals(orders(program, "bun"), ["message immediate"]);
  assert(orders(program, "deno").includes("immediate message"));
});

test("a message of the main script comes before its immediate on Node", () => {
  const program: LoopProgram = (loop) => {
    loop.setImmediate(() => loop.log("immediate"));
    loop.message(() => loop.log("message"));
  };
  assertEquals(orders(program, "node"), ["message immediate"]);
});

test("I/O completes in any order, with a drain between two completions on Node, as one batch on Deno", () => {
  const program: LoopProgram = (loop) => {
    for (const name of ["a", "b"]) {
      loop.io(() => {
        loop.log(name);
        loop.promise(() => loop.log(`${name}.m`));
      });
    }
  };
  assertEquals(orders(program, "node"), ["a a.m b b.m", "b b.m a a.m"]);
  assert(orders(program, "deno").includes("a b a.m b.m"));
});

test("handles close last first on Node, in the phase after the immediates", () => {
  const program: LoopProgram = (loop) => {
    loop.close(() => loop.log("closed 1"));
    loop.close(() => loop.log("closed 2"));
    loop.setImmediate(() => loop.log("immediate"));
  };
  assertEquals(orders(program, "node"), ["immediate closed 2 closed 1"]);
  assertEquals(orders(program, "deno"), ["immediate closed 1 closed 2"]);
});

test("what is cleared does not come, also in the same phase; what is refreshed goes to the end of its list", () => {
  const cleared: LoopProgram = (loop) => {
    loop.setTimeout(() => loop.promise(() => loop.clear(second)), 1);
    const second = loop.setTimeout(() => loop.log("timer"), 1);
    loop.setImmediate(() => loop.nextTick(() => loop.clear(third)));
    const third = loop.setImmediate(() => loop.log("immediate"));
    loop.clear(third);
    loop.clear(third);
  };
  const refreshed: LoopProgram = (loop) => {
    const first = loop.setTimeout(() => loop.log("1"), 5);
    loop.setTimeout(() => loop.log("2"), 5);
    loop.refresh(first);
  };
  for (const profile of servers) {
    assertEquals(orders(cleared, profile), [""], profile);
    assertEquals(orders(refreshed, profile), ["2 1"], profile);
  }
});

test("a timer that has fired comes again when it is refreshed, one that was cleared does not", () => {
  const program: LoopProgram = (loop) => {
    let again = true;
    const fired = loop.setTimeout(() => {
      loop.log("fired");
      if (again) loop.refresh(fired);
      again = false;
    }, 1);
    const cleared = loop.setTimeout(() => loop.log("cleared"), 1);
    loop.clear(cleared);
    loop.refresh(cleared);
  };
  for (const profile of servers) assertEquals(orders(program, profile), ["fired fired"], profile);
});

test("a browser chooses between its sources, keeps each in order, and clamps timers nested deeply", () => {
  assertEquals(
    orders((loop) => {
      loop.setTimeout(() => loop.log("timer"), 0);
      loop.message(() => loop.log("message"));
      loop.queueMicrotask(() => loop.log("microtask"));
    }, "browser"),
    ["microtask message timer", "microtask timer message"],
  );
  // The timer of depth 7 is clamped to 4 ms, so that one of 3 ms set beside it comes first.
  const nested = (depth: number): LoopProgram => (loop) => {
    if (depth > 1) return void loop.setTimeout(() => nested(depth - 1)(loop), 0);
    loop.setTimeout(() => loop.log("0 ms"), 0);
    loop.promise(() => loop.setTimeout(() => loop.log("3 ms"), 3));
  };
  assert(!allowsOrder(nested(6), "browser", ["3 ms", "0 ms"]));
  assert(allowsOrder(nested(7), "browser", ["3 ms", "0 ms"]));
});

test("callbacks of one frame run together, those they ask for in the next frame", () => {
  const program: LoopProgram = (loop) => {
    loop.animationFrame(() => {
      loop.log("a");
      loop.animationFrame(() => loop.log("c"));
      loop.promise(() => loop.log("a.m"));
      loop.message(() => loop.log("message"));
    });
    loop.animationFrame(() => loop.log("b"));
  };
  assertEquals(orders(program, "browser"), ["a a.m b c message", "a a.m b message c"]);
});

test("a member that the profile lacks throws TypeError out of the prediction, as a callback's own error does", () => {
  assertThrows(() => predictOrders((loop) => loop.animationFrame(() => {}), "node"), TypeError, "animationFrame");
  for (const member of ["setImmediate", "nextTick", "close"] as const) {
    assertThrows(() => predictOrders((loop) => void loop[member](() => {}), "browser"), TypeError, member);
  }
  assertThrows(
    () =>
      predictOrders((loop) =>
        loop.io(() => {
          throw new RangeError("mine");
        }), "bun"),
    RangeError,
    "mine",
  );
});

test("wrong arguments throw at the call, and a program without an end is refused", () => {
  assertThrows(() => predictOrders(() => {}, "opera" as "node"), TypeError, "opera");
  assertThrows(() => predictOrders(undefined as unknown as LoopProgram, "node"), TypeError, "undefined");
  assertThrows(() => predictOrders((loop) => loop.io(1 as unknown as () => void), "node"), TypeError);
  assertThrows(() => predictOrders((loop) => loop.spin(-1), "node"), RangeError);
  const forever: LoopProgram = (loop) => void loop.setImmediate(() => forever(loop));
  assertThrows(() => predictOrders(forever, "node"), RangeError, "end");
});

test("timers set in the last drain of a phase come in it where the host looks again, all that are due then, or else behind immediates", () => {
  const program = (drain: "queueMicrotask" | "nextTick" | "promise"): LoopProgram => (loop) =>
    loop.setTimeout(() => {
      loop.log("b");
      loop.setImmediate(() => loop.log("immediate"));
      loop[drain](() => {
        loop.setTimeout(() => loop.log("i"), 0);
        loop.spin(3);
        loop.setTimeout(() => loop.log("e"), 0);
        loop.spin(3);
      });
    }, 1);
  for (const drain of ["queueMicrotask", "nextTick", "promise"] as const) {
    const logs = (profile: ProfileName) => predictOrders(program(drain), profile).map((log) => log.join(" ")).sort();
    assertEquals(logs("node"), ["b i e immediate", "b immediate i e"]);
    assertEquals(logs("node18"), ["b i e immediate"]);
  }
});

test("a timer set at the end of the last drain is not due yet when the host looks again", () => {
  const program: LoopProgram = (loop) =>
    loop.setTimeout(() => {
      loop.setImmediate(() => loop.log("immediate"));
      loop.queueMicrotask(() => {
        loop.spin(3);
        loop.setTimeout(() => loop.log("set last"), 0);
        loop.spin(3);
      });
    }, 1);
  assertEquals(predictOrders(program, "node18"), [["immediate", "set last"]]);
});
