import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { type HostSignal, signals } from "../../../io/mod.ts";
import { CancelScope, group, sleep } from "../../../mod.ts";
import { run } from "../../support/child.ts";
import { root } from "../../support/hosts.ts";
import { until } from "../../support/within.ts";

/** How many listen for the signals of these tests. */
function listeners(): number {
  return process.listenerCount("SIGHUP") + process.listenerCount("SIGWINCH");
}

test("signals come in order, from the call on, also those sent before the first next", async () => {
  const received = signals(["SIGHUP", "SIGWINCH"]);
  const names: HostSignal[] = [];
  process.kill(process.pid, "SIGHUP");
  names.push((await received.next()).value!);
  process.kill(process.pid, "SIGWINCH");
  names.push((await received.next()).value!);
  assertEquals(names, ["SIGHUP", "SIGWINCH"]);
  await received.return!();
  assertEquals(await received.next(), { done: true, value: undefined });
  assertEquals(listeners(), 0);
});

test("leaving the loop takes the listeners away", async () => {
  const received = signals(["SIGHUP"]);
  assertEquals(listeners(), 1);
  process.kill(process.pid, "SIGHUP");
  for await (const name of received) {
    assertEquals(name, "SIGHUP");
    break;
  }
  assertEquals(listeners(), 0);
});

test("a cancellation ends the wait and takes the listeners away", async () => {
  const scope = new CancelScope();
  await scope.run(async () => {
    const received = signals(["SIGHUP"]);
    const waiting = received.next();
    await sleep(1);
    scope.cancel();
    await waiting;
  });
  assertEquals([scope.cancelCaught, listeners()], [true, 0]);
  // In a scope that is cancelled already too.
  const cancelled = new CancelScope();
  await cancelled.run(async () => {
    cancelled.cancel();
    await signals(["SIGHUP"]).next();
  });
  assertEquals([cancelled.cancelCaught, listeners()], [true, 0]);
});

test("a task that waits for a signal holds its group, and gets it", async () => {
  let got: HostSignal | undefined;
  await group((g) => {
    g.spawn(async () => {
      for await (const name of signals(["SIGWINCH"])) {
        got = name;
        break;
      }
    });
    g.spawn(async () => {
      await until(() => listeners() === 1, "the task listens");
      process.kill(process.pid, "SIGWINCH");
    });
  });
  assertEquals(got, "SIGWINCH");
});

test("a signal that arrived and was not taken has its effect when the loop is left, unless another listener had it", async () => {
  const program = join(root, "tests/io/processes/programs/signals.ts");
  const alone = await run(program);
  assertEquals([alone.stdout, alone.code === 0], ["leaving\n", false]);
  const heard = await run(program, ["heard"]);
  assertEquals([heard.stdout, heard.code], ["heard by another\nleaving\nstill here\n", 0]);
});

test("several waits at once are each given a signal", async () => {
  const received = signals(["SIGHUP", "SIGWINCH"]);
  const both = Promise.all([received.next(), received.next()]);
  process.kill(process.pid, "SIGHUP");
  process.kill(process.pid, "SIGWINCH");
  const names = (await both).map(({ value }) => value).sort();
  assertEquals(names, ["SIGHUP", "SIGWINCH"]);
  await received.return!();
});

test("a name that is no signal's, or no name, throws at the call and leaves no listener", () => {
  assertThrows(() => signals(["SIGHUP", "SIGNOPE" as never]), TypeError, "SIGNOPE");
  assertThrows(() => signals("SIGHUP" as never), TypeError);
  assertThrows(() => signals([]), TypeError);
  assertEquals(listeners(), 0);
});

test("of several loops over the same signal each gets it, and one that is left takes nothing from the others", async () => {
  const [one, two] = [signals(["SIGHUP"]), signals(["SIGHUP"])];
  assertEquals(listeners(), 1);
  process.kill(process.pid, "SIGHUP");
  assertEquals((await one.next()).value, "SIGHUP");
  await one.return!();
  assertEquals([(await two.next()).value, listeners()], ["SIGHUP", 1]);
  const waiting = two.next();
  process.kill(process.pid, "SIGHUP");
  assertEquals((await waiting).value, "SIGHUP");
  await two.return!();
  assertEquals(listeners(), 0);
});

test("a signal that two loops have got and neither has taken has its effect when the last is left", async () => {
  const { stdout, code } = await run(join(root, "tests/io/processes/programs/signals.ts"), ["two"]);
  assertEquals([stdout, code === 0], ["one left\nleaving\n", false]);
});
