/** What the simulation is not to change, and what it is to put back. */

import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { group, sleep } from "../../../mod.ts";
import { testWith } from "../../support/needs.ts";
import { cancelEverywhere, checkpointsOf, explore, schedules, simulate } from "../../../testing.ts";

/** Notes where each async context is to be found, and in which order things are disposed of. */
async function program(): Promise<string[]> {
  const storage = new AsyncLocalStorage<string>();
  const log: string[] = [];
  const note = (what: string) => log.push(`${what} in ${storage.getStore()}`);
  const disposable = (name: string) => ({ [Symbol.dispose]: () => note(`dispose ${name}`) });
  await Promise.all(["a", "b"].map((name) =>
    storage.run(name, async () => {
      process.nextTick(() => note("tick"));
      queueMicrotask(() => note("microtask"));
      await undefined;
      note("await");
      await new Promise<void>((resolve) => setTimeout(resolve, 5));
      note("timeout");
      await new Promise<void>((resolve) => setImmediate(resolve));
      note("immediate");
      const first = disposable("first");
      const second = disposable("second");
      try {
        await group(async (g) => {
          g.defer(() => void note("defer"));
          await g.spawn(async () => {
            note("task");
            await sleep(1);
            note("task after sleep");
          });
        });
      } finally {
        second[Symbol.dispose]();
        first[Symbol.dispose]();
      }
      const controller = new AbortController();
      controller.signal.addEventListener("abort", () => note("abort"));
      controller.abort();
    })
  ));
  return log;
}

testWith("async context", "async contexts and the order of disposal are those of the host", async () => {
  const simulated = await simulate(program);
  // From a macrotask, as the body of a simulation: in a microtask ticks would come later.
  const real = await new Promise<string[]>((resolve, reject) => setImmediate(() => program().then(resolve, reject)));
  assertEquals([...simulated].sort(), [...real].sort());
  const of = (log: string[], name: string) => log.filter((entry) => entry.endsWith(` in ${name}`));
  for (const name of ["a", "b"]) assertEquals(of(simulated, name), of(real, name));
  assert(simulated.length > 20 && !simulated.some((entry) => entry.includes("undefined")), simulated.join());
});

/** Everything that a simulation may have replaced. */
function globals(): [string, unknown][] {
  const places: [string, object][] = [
    ["globalThis", globalThis],
    ["performance", performance],
    ["AbortSignal", AbortSignal],
    ["Math", Math],
    ["crypto", crypto],
    ["process", process],
  ];
  return places.flatMap(([place, object]) =>
    Object.entries(Object.getOwnPropertyDescriptors(object)).map(([name, { value, get }]): [string, unknown] => [
      `${place}.${name}`,
      typeof value === "function" || value === undefined ? value ?? get : typeof value,
    ])
  );
}

test("after every kind of run, also one that throws, all that was replaced is the host's again", async () => {
  const [schedule] = fc.sample(schedules(), 1);
  const before = new Map(globals());
  const fails = () => {
    assert(new Map(globals()).get("globalThis.setTimeout") !== before.get("globalThis.setTimeout"));
    throw new Error("mine");
  };
  const runs = [simulate, explore, cancelEverywhere, checkpointsOf, (body: () => unknown) => schedule!.run(body)];
  for (const run of runs) {
    for (const body of [() => sleep(1), fails]) {
      await run(body).catch(() => {});
      const after = new Map(globals());
      const changed = [...before.keys()].filter((name) => after.get(name) !== before.get(name));
      assertEquals([changed, after.size], [[], before.size]);
    }
  }
});
