import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Window } from "../../../../io/remote/pool/window.ts";
import { simulate, type Simulation } from "../../../../testing.ts";
import { testWith } from "../../../support/needs.ts";
import { type Remote, withRemote } from "../remote_support.ts";

test("each item is handled once and in order, and never more at a time than are allowed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.nat({ max: 3 }), { maxLength: 3000 }),
      async (most, turns) => {
        const begun: number[] = [];
        let [running, peak, ended] = [0, 0, 0];
        const window = new Window<number>(most, async (item) => {
          begun.push(item);
          peak = Math.max(peak, ++running);
          for (let turn = turns[item]!; turn > 0; turn--) await undefined;
          running--;
          ended++;
        });
        for (const item of turns.keys()) window.add(item);
        while (ended < turns.length) await undefined;
        assertEquals(begun, [...turns.keys()]);
        assert(running === 0 && peak <= most, `${peak} of ${most}`);
      },
    ),
    { numRuns: 30 },
  );
});

function inSimulation<T>(body: (remote: Remote, sim: Simulation) => Promise<T>): Promise<T> {
  return simulate((sim) => withRemote((remote) => body(remote, sim)));
}

testWith(
  "async context",
  "of many calls at once those that are given up before their turn are never published, and the others are, in order",
  () =>
    inSimulation(async ({ pool, serve, engine }) => {
      const [calls, controller] = [pool(), new AbortController()];
      const { signal } = controller;
      const all = Array.from({ length: 3000 }, (_, index) =>
        calls.run("echo", [index], index % 3 === 0 ? {} : { signal }).catch(() => undefined));
      controller.abort();
      const queue = await engine().queue("default", { ackWait: 30_000, attempts: 3, limit: 100_000 });
      const server = await serve();
      const results = await Promise.all(all);
      assertEquals(
        results,
        results.map((_, index) =>
          index % 3 === 0 ? index : undefined
        ),
      );
      const { completed, cancelled } = server.statistics();
      assertEquals([completed, cancelled, calls.statistics().pending], [1000, 0, 0]);
      assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
      // Places are given in the order in which jobs come: none was taken by one that was given up.
      const { sequence } = await queue.publish({
        ...{ id: "last", name: "echo", priority: "user-visible", headers: {}, body: new Uint8Array() },
      });
      assertEquals(sequence, 1001);
    }),
);
