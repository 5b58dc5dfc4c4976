/** Which children a supervisor starts again, when, and when it gives up. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  moveOnAfter,
  type RestartMode,
  type RestartPolicy,
  type RestartStrategy,
  shield,
  sleep,
  supervise,
  SupervisorError,
  type Task,
  type TaskGroup,
  TimeoutError,
} from "../../../mod.ts";
import { onFakeLoop, testOnFakeLoop } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";

const strategies: RestartStrategy[] = ["one-for-one", "one-for-all", "rest-for-one"];
/** A policy that never gives up. */
const patient = (strategy: RestartStrategy): RestartPolicy => ({ strategy, maxRestarts: Infinity });

testOnFakeLoop("permanent is started again after every end, transient after a failure, temporary never", async () => {
  const runs = { permanent: 0, transient: 0, temporary: 0, failing: 0 };
  const failures: unknown[] = [];
  await moveOnAfter(100, () =>
    supervise((supervisor) => {
      supervisor.spawn(() => void runs.permanent++, { restart: "permanent" });
      supervisor.spawn(() => {
        if (++runs.transient < 3) throw new Error("again");
      }, { restart: "transient" });
      supervisor.spawn(() => void runs.temporary++, { restart: "temporary" });
      supervisor.spawn(() => {
        runs.failing++;
        throw "alone";
      }, { restart: "temporary" });
    }, {
      restart: { maxRestarts: Infinity, backoff: { initial: 10, factor: 1 } },
      onFailure: (error) => failures.push(error),
    }));
  assertEquals(runs, { permanent: 10, transient: 3, temporary: 1, failing: 1 });
  assertEquals(failures, ["alone"]);
});

testOnFakeLoop(
  "more restarts than allowed in the time make it fail, with the failures in order; the rest is cancelled",
  async (host) => {
    let runs = 0;
    let ended = false;
    const error = await assertRejects(() =>
      supervise((supervisor) => {
        supervisor.spawn(async () => {
          await sleep(10);
          throw new Error(`failure ${++runs}`);
        });
        supervisor.spawn(async () => {
          try {
            await sleep(1e6);
          } finally {
            await shield(() => sleep(5));
            ended = true;
          }
        });
      }, { restart: { maxRestarts: 2, within: 1000 }, name: "feeds" }), SupervisorError);
    assertInstanceOf(error, AggregateError);
    assertEquals(error.errors.map(({ message }) => message), ["failure 1", "failure 2", "failure 3"]);
    assertStrictEquals(error.cause, error.errors[2]);
    assertEquals([error.name, ended, Math.round(host.time)], ["SupervisorError", true, 35]);
    assert(error.message.includes("feeds") && error.message.includes("2"), error.message);
  },
);

testOnFakeLoop("restarts that are further apart than the time are not counted together", async () => {
  let runs = 0;
  await supervise((supervisor) => {
    supervisor.spawn(async () => {
      await sleep(600);
      if (++runs < 10) throw new Error("again");
    });
  }, { restart: { maxRestarts: 2, within: 1000 } });
  assertEquals(runs, 10);
});

testOnFakeLoop("with maxRestarts 0 the first failure is the end; ends without error count too", async () => {
  const first = await assertRejects(
    () => supervise((supervisor) => void supervisor.spawn(() => Promise.reject("x")), { restart: { maxRestarts: 0 } }),
    SupervisorError,
  );
  assertEquals(first.errors, ["x"]);
  const quiet = await assertRejects(
    () =>
      supervise((supervisor) => void supervisor.spawn(() => {}, { restart: "permanent" }), {
        restart: { maxRestarts: 5 },
      }),
    SupervisorError,
  );
  assertEquals(quiet.errors, []);
});

testOnFakeLoop("the wait before a restart grows, has a longest, and begins anew after a good run", async (host) => {
  const starts: number[] = [];
  await supervise((supervisor) => {
    supervisor.spawn(async () => {
      starts.push(host.time);
      if (starts.length === 5) await sleep(10_000);
      if (starts.length < 7) throw new Error("again");
    });
  }, {
    restart: { maxRestarts: Infinity, within: 5000, backoff: { initial: 100, factor: 2, max: 300 } },
  });
  const gaps = starts.slice(1).map((start, index) => start - starts[index]!);
  assertEquals(gaps, [100, 200, 300, 300, 10_100, 200]);
});

testOnFakeLoop("a restart that is waiting ends with the supervisor", async (host) => {
  for (const strategy of strategies) {
    let runs = 0;
    const start = host.time;
    await supervise(async (supervisor) => {
      supervisor.spawn(() => {
        runs++;
        throw new Error("again");
      });
      supervisor.spawn(() => sleep(1e6));
      await sleep(50);
      supervisor.cancel();
    }, { restart: { ...patient(strategy), backoff: { initial: 60_000 } } });
    assertEquals([runs, Math.round(host.time - start), host.timers], [1, 50, 0]);
  }
});

/** Children that tell when they start and stop; the one named can be made to fail. */
function family(strategy: RestartStrategy, modes: Record<string, RestartMode> = {}) {
  const log: string[] = [];
  const fail = new Map<string, () => void>();
  const failures: string[] = [];
  async function run(act: (log: string[]) => Promise<void>): Promise<void> {
    await supervise(async (supervisor) => {
      for (const name of ["a", "b", "c", "d"]) {
        supervisor.spawn(async () => {
          log.push(`+${name}`);
          const failure = latch();
          fail.set(name, () => failure.fail(new Error(name)));
          const scope = new CancelScope();
          failure.promise.catch(() => scope.cancel());
          try {
            await scope.run(() => sleep(1e9));
            await failure.promise;
          } finally {
            await shield(() => sleep(10));
            log.push(`-${name}`);
          }
        }, { name, restart: modes[name] ?? "permanent" });
      }
      await sleep(1);
      await act(log);
      supervisor.cancel();
    }, {
      restart: patient(strategy),
      onFailure: (_, task) => failures.push(task.name.split("#")[0]!),
    });
  }
  return { log, fail, failures, run };
}

for (
  const [strategy, expected] of [
    ["one-for-one", "-b +b"],
    ["one-for-all", "-b -d -c -a +a +b +c +d"],
    ["rest-for-one", "-b -d -c +b +c +d"],
  ] as const
) {
  testOnFakeLoop(
    `${strategy}: others stop youngest first, one by one; all start in the order of spawning`,
    async () => {
      const { log, fail, failures, run } = family(strategy);
      let seen = "";
      await run(async () => {
        assertEquals(log.splice(0), ["+a", "+b", "+c", "+d"]);
        for (let round = 0; round < 3; round++) {
          fail.get("b")!();
          await sleep(100);
          seen = log.splice(0).join(" ");
          assertEquals(seen, expected);
        }
      });
      assertEquals(failures, []);
    },
  );

  testOnFakeLoop(`${strategy}: children that fail at once are started once each, and all live on`, async () => {
    const { log, fail, run } = family(strategy);
    await run(async () => {
      log.splice(0);
      for (const name of ["d", "b", "c"]) fail.get(name)!();
      await sleep(500);
      const starts = (name: string) => log.filter((line) => line === `+${name}`).length;
      const stops = (name: string) => log.filter((line) => line === `-${name}`).length;
      for (const name of ["a", "b", "c", "d"]) assertEquals(starts(name), stops(name), `${name} is not alive: ${log}`);
      assert(starts("b") >= 1 && starts("c") >= 1 && starts("d") >= 1, `${log}`);
      if (strategy === "one-for-one") assertEquals(log.length, 6);
    });
  });
}

testOnFakeLoop("one-for-all stops temporary children for good, and leaves ended transient ones ended", async () => {
  const { log, fail, run } = family("one-for-all", { a: "temporary", c: "transient" });
  await run(async () => {
    log.splice(0);
    fail.get("b")!();
    await sleep(100);
    assertEquals(log.splice(0).join(" "), "-b -d -c -a +b +c +d");
    fail.get("d")!();
    await sleep(100);
    assertEquals(log.splice(0).join(" "), "-d -c -b +b +c +d");
  });
});

testOnFakeLoop(
  "what a child throws while it is stopped for another goes to onFailure, and it is started again",
  async () => {
    const failures: unknown[] = [];
    const cleanup = new Error("cleanup");
    let starts = 0;
    await supervise(async (supervisor) => {
      supervisor.spawn(async () => {
        starts++;
        await sleep(1e6).catch(() => Promise.reject(cleanup));
      });
      let failed = false;
      supervisor.spawn(async () => {
        await sleep(5);
        if (!failed) {
          failed = true;
          throw new Error("first");
        }
        await sleep(1e6);
      });
      await sleep(50);
      assertEquals([starts, failures], [2, [cleanup]]);
      supervisor.cancel();
    }, { restart: patient("one-for-all"), onFailure: (error) => failures.push(error) });
  },
);

testOnFakeLoop("a round whose child is cancelled by hand lets the others go", async () => {
  let starts = 0;
  await supervise(async (supervisor) => {
    supervisor.spawn(async () => {
      starts++;
      await sleep(1e6);
    }, { name: "other" });
    const handle = supervisor.spawn(async () => {
      await sleep(5);
      throw new Error("again");
    });
    await sleep(10);
    assertEquals(starts, 1);
    handle.cancel();
    await sleep(10);
    assertEquals(starts, 2);
    supervisor.cancel();
  }, { restart: { ...patient("one-for-all"), backoff: { initial: 1000 } } });
});

testOnFakeLoop("a child that does not stop is left after the teardownTimeout, and the round goes on", async () => {
  const failures: unknown[] = [];
  const never = latch();
  let starts = 0;
  await supervise(async (supervisor) => {
    supervisor.spawn(async () => {
      if (++starts === 1) await never.promise;
      else await sleep(1e6);
    }, { name: "deaf" });
    let failed = false;
    supervisor.spawn(async () => {
      await sleep(5);
      if (!failed) {
        failed = true;
        throw new Error("first");
      }
    });
    await sleep(200);
    assertEquals(starts, 2);
    assertEquals(failures.map((error) => (error as Error).name), ["TeardownError"]);
    never.open();
    supervisor.cancel();
  }, { restart: patient("one-for-all"), teardownTimeout: 100, onFailure: (error) => failures.push(error) });
});

testOnFakeLoop("onRestart is told of each restart with what was thrown", async () => {
  const told: unknown[] = [];
  let runs = 0;
  await supervise((supervisor) => {
    supervisor.spawn(() => {
      if (++runs < 3) throw runs;
    }, { name: "feed" });
  }, { restart: {}, onRestart: (error, task) => told.push([error, task.name.split("#")[0]]) });
  assertEquals(told, [[1, "feed"], [2, "feed"]]);
});

testOnFakeLoop(
  "a cancellation from around stops all and is no failure; so are signal and timeout their own errors",
  async () => {
    for (const strategy of strategies) {
      const failures: unknown[] = [];
      const options = { restart: patient(strategy), onFailure: (error: unknown) => failures.push(error) };
      const body = (supervisor: TaskGroup) => {
        for (let child = 0; child < 3; child++) supervisor.spawn(() => sleep(1e6));
      };
      const scope = new CancelScope({ timeout: 10 });
      await scope.run(() => supervise(body, options));
      assert(scope.cancelCaught, "not caught");
      await assertRejects(() => supervise(body, { ...options, timeout: 10 }), TimeoutError);
      const controller = new AbortController();
      const running = supervise(body, { ...options, signal: controller.signal });
      await sleep(1);
      controller.abort("stop");
      assertEquals(await running.catch((it) => it), "stop");
      assertEquals(await supervise(body, { signal: AbortSignal.abort(null) }).catch((it) => it), null);
      assertEquals(failures, []);
    }
  },
);

testOnFakeLoop("the signal of a run is aborted when another child's failure stops it", async () => {
  const reasons: unknown[] = [];
  await supervise(async (supervisor) => {
    supervisor.spawn((task) => {
      task.signal.addEventListener("abort", () => reasons.push(task.signal.reason));
      return sleep(1e6);
    });
    let runs = 0;
    supervisor.spawn(async () => {
      await checkpoint();
      if (++runs === 1) throw new Error("first");
    });
    await sleep(10);
    assertEquals(reasons.length, 1);
    assertInstanceOf(reasons[0], Cancelled);
    supervisor.cancel();
  }, { restart: patient("one-for-all") });
});

testOnFakeLoop("10,000 restarts leave nothing behind", async () => {
  let runs = 0;
  await supervise(async (supervisor) => {
    const handle: Task<void> = supervisor.spawn(() => {
      if (++runs < 10_000) throw new Error("again");
    });
    await handle;
    assertEquals(supervisor.size, 0);
  }, { restart: { maxRestarts: Infinity } });
  assertEquals(runs, 10_000);
});

test("whatever fails when, no child runs twice at once, and the living are those that should be", async () => {
  const plans = fc.record({
    strategy: fc.constantFrom(...strategies),
    children: fc.array(
      fc.record({
        mode: fc.constantFrom<RestartMode>("permanent", "transient", "temporary"),
        runs: fc.array(fc.record({ ms: fc.integer({ min: 1, max: 20 }), fails: fc.boolean() }), { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    cancelAt: fc.option(fc.nat(60)),
  });
  await fc.assert(
    fc.asyncProperty(plans, ({ strategy, children, cancelAt }) =>
      onFakeLoop(async () => {
        const running = children.map(() => 0);
        const left = children.map(({ runs }) => [...runs]);
        await supervise(async (supervisor) => {
          const handles = children.map(({ mode }, index) =>
            supervisor.spawn(async () => {
              assertEquals(++running[index]!, 1, "it runs twice at once");
              try {
                const run = left[index]!.shift();
                await sleep(run?.ms ?? 1e9);
                if (run?.fails) throw new Error("planned");
              } finally {
                running[index]!--;
              }
            }, { restart: mode })
          );
          await sleep(cancelAt ?? 1000);
          if (cancelAt === null) {
            handles.forEach(({ state }, index) => {
              if (children[index]!.mode === "permanent") assertEquals(state, "running");
              assertEquals(running[index], state === "running" ? 1 : 0, `child ${index} is ${state}`);
            });
          }
          supervisor.cancel();
        }, { restart: patient(strategy), onFailure: (error) => assertEquals((error as Error).message, "planned") });
        assertEquals(running, children.map(() => 0));
      })),
    { numRuns: 300 },
  );
});
