import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { serve } from "../../../../io/mod.ts";
import { group, sleep } from "../../../../mod.ts";
import { testWith } from "../../../support/needs.ts";
import {
  DeadlockError,
  InvariantError,
  type Machine,
  MachineCrashError,
  simulate,
  type Simulation,
} from "../../../../testing.ts";

/** A program that runs until it is ended, and says what it comes by. */
function program(told: string[]): () => Promise<void> {
  return async () => {
    told.push("begins");
    try {
      await sleep(1_000_000);
    } finally {
      told.push("finally");
    }
  };
}

/** A server that answers each request with its body, after so many ms. */
function echo(delay = 0): () => Promise<unknown> {
  return () =>
    serve(async (request) => {
      const text = await request.text();
      if (delay > 0) await sleep(delay);
      return new Response(`echo ${text}`);
    }, { port: 80 });
}

/** What a request is answered with, or the code of what it fails with. */
async function ask(url: string, init?: RequestInit): Promise<string> {
  try {
    return await (await fetch(url, init)).text();
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } };
    return cause?.code ?? name;
  }
}

test("the program of a machine begins in a macrotask of its own, with its name and the number of its life", async () => {
  const told: unknown[] = [];
  await simulate(async (sim) => {
    sim.machine("a", ({ name, life }) => void told.push(name, life));
    told.push("made");
    await sim.allBlocked();
  });
  assertEquals(told, ["made", "a", 1]);
});

test("a machine that has nothing left to do has exited, and one with a server, a timer or a request has not", async () => {
  await simulate(async (sim) => {
    const idle = sim.machine("idle", () => {});
    const server = sim.machine("server", echo());
    const timer = sim.machine("timer", () => void setTimeout(() => {}, 50));
    const unheld = sim.machine("unheld", () => void setTimeout(() => {}, 50).unref?.());
    const asking = sim.machine("asking", () => void fetch("http://slow/"));
    sim.machine("slow", echo(50));
    await sleep(20);
    assertEquals([idle, server, timer, asking].map(({ state }) => state), ["exited", "running", "running", "running"]);
    // A timer in a page cannot be let go of.
    if (typeof setTimeout(() => {}, 0) !== "number") assert(unheld.state === "exited" || unheld.state === "running");
    await sleep(100);
    assertEquals([timer, asking].map(({ state }) => state), ["exited", "exited"]);
  }, { leaks: "ignore" });
});

test("after a kill nothing of the program runs: no finally, no timer, no reaction, no listener, no immediate", async () => {
  const told: string[] = [];
  await simulate(async (sim) => {
    const machine = sim.machine("a", async () => {
      setTimeout(() => told.push("timer"), 20);
      setInterval(() => told.push("interval"), 20);
      const controller = new AbortController();
      controller.signal.addEventListener("abort", () => told.push("listener"));
      setTimeout(() => controller.abort(), 20);
      void new Promise((resolve) => setTimeout(resolve, 20)).then(() => told.push("reaction"));
      await using _open = { [Symbol.asyncDispose]: () => Promise.resolve(void told.push("disposed")) };
      await program(told)();
    });
    await sleep(10);
    machine.kill();
    assertEquals(machine.state, "killed");
    await sleep(1000);
  });
  assertEquals(told, ["begins"]);
});

test("a program that kills its own machine goes on to the end of its turn, and what it asks for comes to nothing", async () => {
  const told: string[] = [];
  await simulate(async (sim) => {
    sim.machine("b", echo());
    const machine: Machine = sim.machine("a", async () => {
      await sleep(10);
      machine.kill();
      told.push("the same turn");
      setTimeout(() => told.push("timer"), 0);
      await ask("http://b/");
      told.push("answer");
    });
    await sleep(100);
  });
  assertEquals(told, ["the same turn"]);
});

test("a second kill, a kill of what has ended, and a resume of what is not paused do nothing", async () => {
  await simulate(async (sim) => {
    const machine = sim.machine("a", program([]));
    await sleep(10);
    machine.resume();
    machine.kill();
    machine.kill({ power: true });
    machine.pause();
    machine.resume();
    assertEquals(machine.state, "killed");
    const done = sim.machine("b", () => {});
    await sleep(10);
    done.kill();
    assertEquals(done.state, "exited");
    await done.stop();
  });
});

test("a restart runs the program from its beginning, in a new life with clocks and random numbers of its own", async () => {
  const lives: unknown[][] = [];
  await simulate(async (sim) => {
    const machine = sim.machine("a", async ({ life }) => {
      lives.push([life, performance.now(), Math.random()]);
      await sleep(1_000_000);
    });
    await sleep(10);
    machine.restart();
    await sleep(10);
    machine.kill();
    machine.restart();
    await sleep(10);
    assertEquals(machine.life, 3);
  });
  assertEquals(lives.map(([life]) => life), [1, 2, 3]);
  assertEquals(new Set(lives.map(([, now]) => now)).size, 1);
  assertEquals(new Set(lives.map(([, , random]) => random)).size, 3);
});

test("the random numbers of a machine depend on the seed, its name and its life, and on nothing that others do", async () => {
  const draw = async (seed: number, hasOther: boolean): Promise<number> => {
    let drawn = 0;
    await simulate(async (sim) => {
      if (hasOther) sim.machine("other", () => void Math.random());
      Math.random();
      sim.machine("a", () => void (drawn = Math.random()));
      await sim.allBlocked();
    }, { seed });
    return drawn;
  };
  assertEquals(await draw(1, false), await draw(1, true));
  assert(await draw(1, false) !== await draw(2, false));
});

test("what fails in a program and nobody catches ends its machine, and the run where nobody starts it again", async () => {
  const failing = (fail: () => unknown) => (sim: Simulation) => {
    sim.machine("a", async () => {
      await sleep(10);
      await fail();
      await sleep(10);
    });
    return sleep(100);
  };
  const oops = new Error("oops");
  const kinds = [() => Promise.reject(oops), () =>
    void setTimeout(() => {
      throw oops;
    }, 1)];
  for (const kind of kinds) {
    const error = await assertRejects(() => simulate(failing(kind)), MachineCrashError, "oops");
    assertEquals([error.machine, error.life, error.cause], ["a", 1, oops]);
  }
});

test("a supervisor starts a program again that has failed, later each time, and so often at most", async () => {
  const starts: number[] = [];
  await simulate(async (sim) => {
    const begin = sim.now();
    const machine = sim.machine("a", () => {
      starts.push(sim.now() - begin);
      if (starts.length < 4) throw new Error("oops");
      return sleep(1_000_000);
    }, { restart: { delay: 10, backoff: 2, maxDelay: 30 } });
    await sleep(100);
    assertEquals([machine.state, machine.life], ["running", 4]);
  });
  assertEquals(starts, [0, 10, 30, 60]);
  const body = (sim: Simulation) => {
    sim.machine("a", () => Promise.reject(new Error("oops")), { restart: { delay: 1, atMost: 2 } });
    return sleep(100);
  };
  assertEquals((await assertRejects(() => simulate(body), MachineCrashError)).life, 3);
});

test("a machine that is asked to stop cancels what runs in it, and is killed where that takes too long", async () => {
  const told: string[] = [];
  await simulate(async (sim) => {
    const machine = sim.machine("a", () => group((g) => void g.spawn(program(told))));
    await sleep(10);
    await machine.stop();
    assertEquals([machine.state, sim.now()], ["exited", 10]);
    const stubborn = sim.machine("b", async () => {
      for (;;) await new Promise((resolve) => setTimeout(resolve, 7));
    });
    await sleep(10);
    await Promise.all([stubborn.stop({ limit: 100 }), stubborn.stop()]);
    assertEquals([stubborn.state, sim.now()], ["killed", 120]);
  });
  assertEquals(told, ["begins", "finally"]);
});

test("a server of a machine that stops finishes what it has begun", async () => {
  await simulate(async (sim) => {
    const machine = sim.machine("a", async ({ signal }) => {
      await using server = await echo(50)() as AsyncDisposable;
      void server;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    await sleep(10);
    const answer = ask("http://a/", { method: "POST", body: "x" });
    await sleep(10);
    const stopped = machine.stop();
    assertEquals(await answer, "echo x");
    await stopped;
    assertEquals(machine.state, "exited");
  });
});

test("a paused machine runs nothing; then overdue timers fire by when they were due, at the time it goes on", async () => {
  const fired: unknown[] = [];
  await simulate(async (sim) => {
    const begin = sim.now();
    const machine = sim.machine("a", () => {
      for (const ms of [30, 20, 200]) setTimeout(() => fired.push([ms, sim.now() - begin]), ms);
    });
    await sleep(10);
    machine.pause();
    assertEquals(machine.state, "paused");
    await sleep(90);
    assertEquals(fired, []);
    machine.resume();
    await sleep(200);
  });
  assertEquals(fired, [[20, 100], [30, 100], [200, 200]]);
});

test("a request to a paused machine is answered when that goes on", async () => {
  await simulate(async (sim) => {
    const machine = sim.machine("a", echo());
    await sleep(10);
    machine.pause();
    const answer = ask("http://a/", { method: "POST", body: "x" });
    assertEquals(await Promise.race([answer, sleep(1000).then(() => "waits")]), "waits");
    machine.resume();
    assertEquals(await answer, "echo x");
  });
});

test("two machines bind the same port, and localhost is the machine itself", async () => {
  await simulate(async (sim) => {
    const local: string[] = [];
    for (const name of ["a", "b"]) {
      sim.machine(name, async () => {
        await serve(() => new Response(name), { port: 80 });
        local.push(await ask("http://localhost/"), await ask("http://127.0.0.1/"));
      });
    }
    await sleep(10);
    assertEquals([await ask("http://a/"), await ask("http://b:80/")], ["a", "b"]);
    assertEquals(local.sort(), ["a", "a", "b", "b"]);
    assertEquals(await ask("http://localhost/"), "ECONNREFUSED");
    assertEquals(await ask("http://nobody/"), "ENOTFOUND");
    assertEquals(await ask("http://a:81/"), "ECONNREFUSED");
  });
});

test("whoever waits for a program that is killed finds a reset, and new requests are refused", async () => {
  await simulate(async (sim) => {
    const machine = sim.machine("a", echo(1000));
    await sleep(10);
    const answer = ask("http://a/");
    await sleep(10);
    machine.kill();
    assertEquals(await answer, "ECONNRESET");
    assertEquals(await ask("http://a/"), "ECONNREFUSED");
  });
});

test("whoever waits for a machine that loses its power hears nothing, and a request to it comes when it is on again", async () => {
  await simulate(async (sim) => {
    const machine = sim.machine("a", echo(100));
    await sleep(10);
    const lost = ask("http://a/");
    await sleep(10);
    machine.kill({ power: true });
    const later = ask("http://a/", { method: "POST", body: "x" });
    assertEquals(await Promise.race([lost, later, sleep(10_000).then(() => "silence")]), "silence");
    machine.restart();
    assertEquals(await later, "echo x");
    assertEquals(await Promise.race([lost, sleep(10_000).then(() => "silence")]), "silence");
    assertEquals(await lost, "ETIMEDOUT");
    machine.kill({ power: true });
    assertEquals(await ask("http://a/"), "ETIMEDOUT");
  });
});

test("an answer that was sent before a kill still comes", async () => {
  await simulate(async (sim) => {
    sim.network.latency = 100;
    const machine = sim.machine("a", echo());
    await sleep(10);
    const answer = ask("http://a/", { method: "POST", body: "x" });
    await sleep(150);
    machine.kill();
    assertEquals(await answer, "echo x");
  });
});

test("the wall clock of a machine has its offset, its drift and its jumps, and its timers have the drift alone", async () => {
  await simulate(async (sim) => {
    const hour = 3_600_000;
    const shown: Record<string, number[]> = {};
    const fired: Record<string, number> = {};
    const watch = (name: string, drift: number, offset: number): Machine =>
      sim.machine(name, async () => {
        const [wall, mono] = [Date.now(), performance.now()];
        setTimeout(() => fired[name] = sim.steps, 1000);
        for (;;) {
          shown[name] = [Date.now() - wall, performance.now() - mono, wall];
          await sleep(1000);
        }
      }, { clock: { drift, offset } });
    const [fast] = [watch("fast", 100, 5000), watch("slow", -100, 0)];
    await sleep(10);
    fast.adjustClock(-60_000);
    await sleep(hour - 5);
    const [fastWall, fastMono] = [shown["fast"]![0]!, shown["fast"]![1]!];
    const [slowWall] = shown["slow"]!;
    assertEquals(shown["fast"]![2], 5000);
    assert(Math.abs(fastMono - slowWall! - 720) < 1001, `${fastMono} and ${slowWall}`);
    assert(Math.abs(fastMono - fastWall - 60_000) < 2, `${fastMono} and ${fastWall}`);
    assert(fired["fast"]! < fired["slow"]!);
  });
});

test("the monotonic clock of a new life begins anew, and the wall clock has gone on while the machine was down", async () => {
  const seen: number[][] = [];
  await simulate(async (sim) => {
    const machine = sim.machine("a", () => {
      seen.push([Date.now(), performance.now()]);
      return sleep(1_000_000);
    }, { clock: { offset: 1000 } });
    await sleep(10);
    machine.kill();
    await sleep(490);
    machine.restart();
    await sleep(10);
  });
  assertEquals(seen[1]![0]! - seen[0]![0]!, 500);
  assertEquals(seen[1]![1], seen[0]![1]);
});

testWith("async context", "a body that goes on in the turn of a machine is the body all the same", async () => {
  await simulate(async (sim) => {
    let tell!: () => void;
    const told = new Promise<void>((resolve) => tell = resolve);
    const machine = sim.machine("a", () => tell());
    await told;
    machine.kill();
    await sleep(10);
    assertEquals(sim.now(), 10);
    const server = await serve(() => new Response("the body's"), { port: 80 });
    assertEquals(await ask("http://localhost/"), "the body's");
    await server[Symbol.asyncDispose]();
  });
});

test("what always has to hold is looked at after each macrotask, and names the step and the machine", async () => {
  let count = 0;
  const error = await assertRejects(
    () =>
      simulate(async (sim) => {
        sim.always("few", () => count < 3);
        sim.machine("a", async () => {
          for (;;) {
            await sleep(10);
            count++;
          }
        });
        await sleep(1000);
      }),
    InvariantError,
    '"few" does not hold, at 30 ms',
  );
  assertEquals([count, error.invariant, error.machine, error.time], [3, "few", "a", 30]);
});

test("a check that throws fails the run with what it threw, and one that answers with a promise is refused", async () => {
  const body = (check: () => unknown) => (sim: Simulation) => {
    sim.always("sound", check);
    return sleep(10);
  };
  const oops = new Error("oops");
  const error = await assertRejects(
    () =>
      simulate(body(() => {
        throw oops;
      })),
    InvariantError,
    "oops",
  );
  assertEquals(error.cause, oops);
  await assertRejects(() => simulate(body(() => Promise.resolve())), InvariantError, "at once");
});

test("what has to come about is met by one moment in which it holds, and fails exactly when its time is over", async () => {
  await simulate(async (sim) => {
    let isOn = false;
    setTimeout(() => isOn = true, 50);
    setTimeout(() => isOn = false, 60);
    await sim.eventually("on", () => isOn, { within: 100 });
    assertEquals(sim.now(), 50);
    await sim.settled();
  });
  const never = (sim: Simulation) => sim.eventually("never", () => false, { within: 100 });
  assertEquals((await assertRejects(() => simulate(never), InvariantError)).time, 100);
  const tooShort = (sim: Simulation) => void sim.eventually("never", () => false, { within: 100 });
  await assertRejects(() => simulate(tooShort), InvariantError, "by the end of the body");
});

test("the time for what has to come about counts from the last thing that was done to the world", async () => {
  const body = async (sim: Simulation): Promise<void> => {
    const machine = sim.machine("a", program([]));
    setTimeout(() => machine.pause(), 50);
    setTimeout(() => machine.resume(), 120);
    await sim.eventually("never", () => false, { within: 100 });
  };
  assertEquals((await assertRejects(() => simulate(body), InvariantError)).time, 220);
});

test("a deadlock names the machines, and what each of them does", async () => {
  const body = async (sim: Simulation): Promise<void> => {
    sim.machine("d", () => {});
    sim.machine("e", program([])).kill();
    const paused = sim.machine("f", echo());
    await sleep(10);
    paused.pause();
    await new Promise(() => {});
  };
  const { wakers } = await assertRejects(() => simulate(body), DeadlockError);
  assert(wakers.includes("the machine e, which is killed"), wakers.join());
  assert(wakers.includes("the machine f, which is paused"), wakers.join());
  assert(wakers.includes("the machine d, which is exited"), wakers.join());
});

test("what no machine is made of is refused at the call, with what was given", async () => {
  await simulate((sim) => {
    const main = (): void => {};
    const given: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
      [() => sim.machine(1 as never, main), TypeError, "1"],
      [() => sim.machine("A b", main), RangeError, "A b"],
      [() => sim.machine("localhost", main), RangeError, "localhost"],
      [() => sim.machine("10.0.0.1", main), RangeError, "10.0.0.1"],
      [() => sim.machine("a", 1 as never), TypeError, "1"],
      [() => sim.machine("a", main, { wrong: 1 } as never), TypeError, "wrong"],
      [() => sim.machine("a", main, { files: { "/x": 1 as never } }), TypeError, "1"],
      [() => sim.machine("a", main, { clock: { drift: Infinity } }), RangeError, "Infinity"],
      [() => sim.machine("a", main, { clock: { offset: "1" as never } }), TypeError, "1"],
      [() => sim.machine("a", main, { restart: { delay: -1 } }), RangeError, "-1"],
      [() => sim.machine("a", main, { restart: { backoff: 0.5 } }), RangeError, "0.5"],
    ];
    for (const [call, kind, text] of given) assertThrows(call, kind as never, text);
    const machine = sim.machine("a", main);
    assertThrows(() => sim.machine("a", main), RangeError, "a");
    assertThrows(() => machine.kill({ force: true } as never), TypeError, "force");
    assertThrows(() => machine.kill({ power: "yes" } as never), TypeError, "yes");
    assertThrows(() => machine.adjustClock(NaN), RangeError, "NaN");
    assertThrows(() => sim.network.partition(["nobody"]), RangeError, "nobody");
    assertThrows(() => sim.network.link("a", "b", {}), RangeError, "b");
    assertThrows(() => sim.always("x", 1 as never), TypeError, "1");
    assertThrows(() => sim.faults({ kinds: ["fire" as never] }), RangeError, "fire");
  });
});

testWith(
  "programs",
  "a program that is a module is loaded anew for each life, with the clock of its machine",
  async () => {
    await simulate(async (sim) => {
      const module = new URL("./counting_program.ts", import.meta.url);
      const machines = ["a", "b"].map((name) => sim.machine(name, module, { clock: { offset: 1000 } }));
      await sleep(10);
      assertEquals(await ask("http://a/"), "1 since 1000");
      assertEquals(await ask("http://a/"), "2 since 1000");
      assertEquals(await ask("http://b/"), "1 since 1000");
      machines[0]!.restart();
      await sleep(10);
      assertEquals(await ask("http://a/"), "1 since 1010");
      assertEquals(sim.now(), 20);
    });
  },
);

testWith("programs", "a module that cannot be loaded, or is no program, crashes its machine", async () => {
  const body = (module: URL) => async (sim: Simulation) => {
    sim.machine("a", module);
    await sleep(10);
  };
  await assertRejects(() => simulate(body(new URL("./nothing.ts", import.meta.url))), MachineCrashError);
  const error = await assertRejects(
    () => simulate(body(new URL("../../../support/latch.ts", import.meta.url))),
    MachineCrashError,
  );
  assert(error.cause instanceof TypeError && error.cause.message.includes("default export"));
});

testWith("Node's modules", "a listener for one signal is not called where it was taken back before", async () => {
  const told: string[] = [];
  await simulate(async (sim) => {
    for (const name of ["a", "b"]) {
      const machine = sim.machine(name, () => {
        const listener = (): void => void told.push(`${name} is told`);
        process.once("SIGTERM", listener);
        if (name === "b") process.off("SIGTERM", listener);
        return sleep(1_000_000);
      });
      await sleep(10);
      await machine.stop({ limit: 100 });
      told.push(machine.state);
    }
  });
  // Where somebody listens, what runs is not cancelled.
  assertEquals(told, ["a is told", "killed", "exited"]);
});
