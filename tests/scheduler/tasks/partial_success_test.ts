/** A group never resolves as if all had run when a cancellation from around has left something undone. */

import { test } from "node:test";
import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  all,
  Cancelled,
  CancelScope,
  checkpoint,
  group,
  mapConcurrent,
  moveOnAfter,
  race,
  sleep,
  supervise,
} from "../../../mod.ts";
import { explore, simulate } from "../../../testing.ts";
import { errorOf } from "../../support/errors.ts";
import { testWith } from "../../support/needs.ts";

type Work = () => unknown;

/** Each form of a group, with what it runs beside a body that takes so long and notices no cancellation. */
const forms: Record<string, (work: Work, bodyTakes: number) => Promise<unknown>> = {
  group: (work, ms) => group(async (g) => (g.spawn(work), await deaf(ms), "saved")),
  supervise: (work, ms) => supervise(async (s) => (s.spawn(work), await deaf(ms), "saved")),
  all: (work, ms) => all([work, () => deaf(ms)]).then(() => "saved"),
  race: (work, ms) => race([async () => (await work(), await sleep(1e6)), () => deaf(ms + 50)]).then(() => "saved"),
  mapConcurrent: (work, ms) => mapConcurrent([work, () => deaf(ms)], (each) => each()).then(() => "saved"),
};

function deaf(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

for (const [name, run] of Object.entries(forms)) {
  test(`${name} with a task that a cancellation from around cut short throws it, whether its body has ended or not`, async () => {
    await simulate(async () => {
      for (const bodyTakes of [5, 120]) {
        const scope = new CancelScope({ timeout: 50 });
        const value = await scope.run(() => run(() => sleep(1e6), bodyTakes));
        assertEquals([value, scope.cancelCaught], [undefined, true], `a body of ${bodyTakes} ms`);
      }
    });
  });

  test(`${name} with a task that never started, because it was cancelled already, throws that`, async () => {
    await simulate(async () => {
      let ran = 0;
      const scope = new CancelScope();
      scope.cancel();
      const value = await scope.run(() => run(() => void ran++, 1));
      assertEquals([value, ran, scope.cancelCaught], [undefined, 0, true]);
    });
  });
}

test("a group whose tasks and body have all ended before they saw the cancellation keeps its result", async () => {
  await simulate(async () => {
    const scope = new CancelScope({ timeout: 50 });
    const value = await scope.run(() =>
      group(async (g) => {
        const task = g.spawn(() => deaf(100).then(() => "task"));
        await deaf(200);
        return task.state;
      })
    );
    assertEquals([value, scope.cancelCaught], ["fulfilled", false]);
  });
});

test("a task that was cancelled by its own handle is left undone by nobody around", async () => {
  await simulate(async () => {
    const scope = new CancelScope({ timeout: 50 });
    const value = await scope.run(() =>
      group(async (g) => {
        g.spawn(() => sleep(1e6)).cancel();
        await deaf(100);
        return "saved";
      })
    );
    assertEquals(value, "saved");
  });
});

test("a daemon that is cut short is no part of the result", async () => {
  await simulate(async () => {
    const value = await moveOnAfter(50, () =>
      group(async (g) => {
        g.spawn(() => sleep(1e6), { daemon: true });
        await deaf(100);
        return "saved";
      }));
    assertEquals(value, "saved");
  });
});

test("a group that was cancelled itself throws a cancellation from around that is in force at its end", async () => {
  await simulate(async () => {
    let after = false;
    const scope = new CancelScope({ timeout: 50 });
    await scope.run(async () => {
      await group(async (g) => {
        g.spawn(() => sleep(1e6).finally(() => deaf(100)));
        await sleep(10);
        g.cancel();
      });
      after = true;
    });
    assertEquals([after, scope.cancelCaught], [false, true]);
  });
});

test("what a body has begun and not awaited when it was cut short is no misuse, and is closed", async () => {
  await simulate(async () => {
    let closed = false;
    const error = await errorOf(group(async (g) => {
      const task = g.spawn(() =>
        group(async () => {
          const other = moveOnAfter(1e6, () => sleep(1e6).finally(() => closed = true));
          await sleep(1e6);
          await other;
        })
      );
      await sleep(1);
      task.cancel();
      await task;
    }));
    assertEquals([(error as Error).name, closed], ["TaskCancelledError", true]);
  });
});

test("in every order in which a group and the scope around it can be cancelled nothing half done is returned", async () => {
  const { schedules } = await explore(async (sim) => {
    const scope = new CancelScope();
    const done: string[] = [];
    const value = await group(async (outer) => {
      outer.spawn(() => sim.io("cancel").then(() => scope.cancel()));
      return await scope.run(() =>
        group((g) => {
          for (const name of ["a", "b"]) g.spawn(async () => (await sim.io(name), await checkpoint(), done.push(name)));
          return done;
        })
      );
    });
    assertEquals(value === undefined || done.length === 2, true, `${done}`);
    assertEquals(scope.cancelCaught, value === undefined);
  });
  assertEquals(schedules > 1, true);
});

test("deferred functions all run, in their order, also when one hangs past the bound of the teardown", async () => {
  const ran: string[] = [];
  const leak = await errorOf(simulate(async () => {
    const error = await errorOf(group((g) => {
      g.defer(() => void ran.push("log"));
      g.defer(() => sleep(1e9));
      g.defer(async () => {
        await sleep(5);
        ran.push("socket");
      });
    }, { teardownTimeout: 40 }));
    assertEquals([(error as Error).name, ran], ["TeardownError", ["socket", "log"]]);
  }));
  // The one that hangs goes on, and a simulation says so.
  assertEquals((leak as Error).name, "LeakError");
});

testWith(
  "async context",
  "slots of a limit go to the most urgent that waits, then in order, also when one is raised while it waits",
  async () => {
    await simulate(async () => {
      const order: string[] = [];
      await group(async (g) => {
        const spawn = (name: string, priority: "background" | "user-visible" | "user-blocking") =>
          g.spawn(() => sleep(1).then(() => order.push(name)), { name, priority });
        spawn("first", "background");
        await checkpoint();
        spawn("thumbnail 1", "background");
        spawn("page", "user-visible");
        const awaited = spawn("thumbnail 2", "background");
        spawn("answer", "user-blocking");
        await group((urgent) => void urgent.spawn(async () => void await awaited, { priority: "user-blocking" }));
      }, { limit: 1 });
      assertEquals(order, ["first", "answer", "thumbnail 2", "page", "thumbnail 1"]);
    });
  },
);

test("a start that is cancelled rejects when its task has cleaned up", async () => {
  await simulate(async () => {
    const scope = new CancelScope();
    let isBound = false;
    await group(async (g) => {
      const starting = scope.run(() =>
        g.start(async () => {
          isBound = true;
          try {
            await sleep(1e6);
          } finally {
            await deaf(50);
            isBound = false;
          }
        })
      );
      await sleep(5);
      scope.cancel();
      await starting;
      assertEquals(isBound, false);
    });
  });
});

test("what a task throws in its cleanup after a cancelled start is its group's failure", async () => {
  const failed = new RangeError("the port cannot be freed");
  const scope = new CancelScope();
  const error = await errorOf(group(async (g) => {
    const starting = scope.run(() => g.start(() => sleep(1e6).finally(() => Promise.reject(failed))));
    await sleep(1);
    scope.cancel();
    await starting;
  }));
  assertEquals(error, failed);
  assertInstanceOf(error, RangeError);
  assertEquals(error instanceof Cancelled, false);
});
