import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { currentHost } from "../../../runtime/current_host.ts";
import type { Turns } from "../../../runtime/port/host.ts";
import { run, start } from "../../support/child.ts";
import { testWith } from "../../support/needs.ts";

const program = new URL("./programs/host.ts", import.meta.url);
const host = currentHost();

/** Pages have microtasks only. */
const tick: (callback: () => void) => void = process.nextTick ?? queueMicrotask;

/** Waits for a timer of the host. */
function after(delay: number): Promise<void> {
  return new Promise((resolve) => host.setTimer(resolve, delay));
}

function spin(ms: number): void {
  const end = host.now() + ms;
  while (host.now() < end);
}

test("the clock does not go back", () => {
  let last = host.now();
  for (let look = 0; look < 10_000; look++) {
    const now = host.now();
    assert(now >= last, `${now} after ${last}`);
    last = now;
  }
});

test("a turn comes once for each request, and ticks and microtasks of any depth are drained between two", async () => {
  const wrong: string[] = [];
  let pending = 0;
  let came = 0;
  const requested = 1200;
  await new Promise<void>((resolve) => {
    const turns = host.openTurns(() => {
      if (pending !== 0) wrong.push(`${pending} microtasks or ticks were left at turn ${came}`);
      came++;
      // Two chains, each of which goes on in the other's queue.
      for (const first of [queueMicrotask, tick]) {
        pending++;
        let left = came % 100 === 0 ? 2000 : 5;
        const step = (): void => {
          if (--left === 0) return void pending--;
          (left % 2 === 0 ? queueMicrotask : tick)(step);
        };
        first(step);
      }
      if (came === 100) { for (let more = 0; more < requested - 1000; more++) turns.request(); }
      if (came === requested) resolve();
    });
    for (let request = 0; request < 1000; request++) turns.request();
  });
  await after(10);
  assertEquals(wrong, []);
  assertEquals(came, requested);
});

test("turns asked for together are one slice: only the first is fresh, and the one after the poll is", async () => {
  const fresh: boolean[] = [];
  let fired = false;
  let firedBefore = false;
  await new Promise<void>((resolve) => {
    const turns: Turns = host.openTurns((isFresh) => {
      fresh.push(isFresh);
      if (fresh.length === 4) {
        // Due long before the next turn: if that one comes after a look at the timers, it comes after this one.
        setTimeout(() => fired = true, 1);
        spin(10);
        turns.requestAfterPoll();
      } else if (fresh.length === 5) {
        firedBefore = fired;
        resolve();
      }
    });
    for (let request = 0; request < 4; request++) turns.request();
  });
  assertEquals(fresh, [true, false, false, false, true]);
  assert(firedBefore, "the turn after the poll came before a timer that was due");
});

test("turns asked for in a turn come in a later iteration, after what is due", async () => {
  let turnsRun = 0;
  let fired = -1;
  await new Promise<void>((resolve) => {
    const turns: Turns = host.openTurns(() => {
      if (++turnsRun === 1) {
        setTimeout(() => fired = turnsRun, 1);
        spin(10);
      }
      if (turnsRun === 1000) return resolve();
      turns.request();
    });
    turns.request();
  });
  assert(fired >= 1 && fired < 1000, `the timer fired after ${fired} turns`);
});

test("two sources of turns do not share their turns", async () => {
  const log: string[] = [];
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (log.length === 3) resolve();
    };
    const a = host.openTurns(() => (log.push("a"), look()));
    const b = host.openTurns(() => (log.push("b"), look()));
    a.request();
    b.request();
    a.request();
  });
  assertEquals(log.sort(), ["a", "a", "b"]);
});

test("a timer is not early by a whole millisecond, one of a delay beyond 2^31 does not fire, and none that was cancelled", async () => {
  let wrong = 0;
  const long = [2 ** 31, 2 ** 31 + 1000, 2 ** 45, Infinity].map((delay) => host.setTimer(() => wrong++, delay));
  const cancelled = host.setTimer(() => wrong++, 5);
  cancelled.cancel();
  cancelled.cancel();
  const began = host.now();
  await after(20);
  assert(host.now() - began > 19, `${host.now() - began} ms`);
  for (const timer of long) {
    timer.unref();
    timer.ref();
    timer.cancel();
  }
  await after(5);
  assertEquals(wrong, 0);
});

test("a timer that has fired can be cancelled, referenced and released", async () => {
  let fired = 0;
  const timer = host.setTimer(() => fired++, 0);
  await after(10);
  timer.ref();
  timer.unref();
  timer.cancel();
  assertEquals(fired, 1);
});

testWith(
  "async context",
  "the context is that of the innermost run, across awaits, ticks, timers and immediates, and undefined outside",
  async () => {
    const slot = host.openContext();
    const seen: unknown[] = [];
    assertEquals(slot.get(), undefined);
    const inner = slot.run("a", async (argument) => {
      seen.push(argument, slot.get());
      slot.run("b", () => seen.push(slot.get()), undefined);
      seen.push(slot.get());
      await Promise.resolve();
      seen.push(slot.get());
      await after(1);
      seen.push(slot.get());
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(slot.get());
      await new Promise<void>((resolve) => queueMicrotask(() => (seen.push(slot.get()), resolve())));
    }, "argument");
    assertEquals(slot.get(), undefined);
    await inner;
    assertEquals(seen, ["argument", "a", "b", "a", "a", "a", "a", "a"]);
  },
);

testWith(
  "async context",
  "a host that tells a timer's callback from what an await goes on to ends the value in it, and in nothing else",
  async () => {
    const slot = host.openContext();
    const users = new AsyncLocalStorage<string>();
    const { endInTimer } = slot;
    if (endInTimer === undefined) return assert(host.name === "bun", host.name);
    const look = (): unknown[] => [slot.get(), users.getStore()];
    await users.run("theirs", () =>
      slot.run("ours", async () => {
        assertEquals([endInTimer(), ...look()], [false, "ours", "theirs"]);
        const inTimer = await new Promise((resolve) => {
          setTimeout(async () => {
            const ended = endInTimer();
            const atOnce = look();
            await null;
            resolve([ended, ...atOnce, ...look(), endInTimer()]);
          });
        });
        assertEquals(inTimer, [true, undefined, "theirs", undefined, "theirs", false]);
        assertEquals([endInTimer(), ...look()], [false, "ours", "theirs"]);
        const after = await new Promise((resolve) => setTimeout(() => queueMicrotask(() => resolve(endInTimer()))));
        assertEquals([after, ...look()], [false, "ours", "theirs"]);
        const next = await new Promise((resolve) => setTimeout(() => resolve(look())));
        assertEquals(next, ["ours", "theirs"]);
      }, undefined));
  },
);

testWith(
  "async context",
  "a remembered flow of control brings back the slot and the users' own async context, and leaves no trace",
  () => {
    const slot = host.openContext();
    const users = new AsyncLocalStorage<string>();
    const captured = users.run("theirs", () => slot.run("ours", () => slot.capture(), undefined));
    const look = (argument: unknown): unknown[] => [argument, slot.get(), users.getStore()];
    users.run("elsewhere", () => {
      slot.run("other", () => {
        assertEquals(slot.resume(captured, look, 1), [1, "ours", "theirs"]);
        assertEquals(slot.resume(captured, look, 2), [2, "ours", "theirs"]);
        assertEquals(look(0), [0, "other", "elsewhere"]);
        let thrown: unknown;
        try {
          slot.resume(captured, () => {
            throw new Error("inside");
          }, undefined);
        } catch (error) {
          thrown = error;
        }
        assertEquals((thrown as Error).message, "inside");
        assertEquals(look(0), [0, "other", "elsewhere"]);
      }, undefined);
    });
    assertEquals(slot.resume(captured, (n) => slot.run("within", () => look(n), undefined), 3), [
      3,
      "within",
      "theirs",
    ]);
  },
);

test("two slots keep their values apart", () => {
  const one = host.openContext();
  const other = host.openContext();
  one.run(1, () => other.run(2, () => assertEquals([one.get(), other.get()], [1, 2]), undefined), undefined);
});

test("the machine runs at least one thread at once", () => {
  assert(Number.isInteger(host.parallelism()) && host.parallelism() >= 1, `${host.parallelism()}`);
});

testWith(
  "programs",
  "a timer holds the process while it is referenced, and keepAlive until it is released",
  async () => {
    const results = await Promise.all(
      ["unref", "ref", "cancelled", "keepAlive"].map((name) => run(program, [name], { timeout: 120_000 })),
    );
    assertEquals(results.map(({ code, stdout }) => [code, stdout]), [
      [0, ""],
      [0, "fired\n"],
      [0, ""],
      [0, "released\n"],
    ]);
  },
);

testWith("programs", "a listener for a signal is called, and is gone when it has been taken away", async () => {
  const child = start(program, ["signal"]);
  await child.waitFor(/ready/);
  // Not `child.process.kill`, after which Deno reports the signal as the cause of the end, whatever the child did with it.
  process.kill(child.process.pid!, "SIGTERM");
  const { code, stdout } = await child.ended;
  assertEquals([code, stdout], [0, "ready\ngot SIGTERM\nlisteners: 0\n"]);
});

testWith(
  "programs",
  "exit ends the process at once, and an exit code that was set is its code at the natural end",
  async () => {
    const [exited, ended] = await Promise.all([run(program, ["exit"]), run(program, ["exitCode"])]);
    assertEquals([exited!.code, exited!.stdout], [7, ""]);
    assertEquals([ended!.code, ended!.stderr.trim()], [9, "a text for a person"]);
  },
);
