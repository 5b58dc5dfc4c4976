/** Whatever is nested in whatever: cancelled at any point it gives all of its result or none. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  all,
  allSettled,
  any,
  CancelScope,
  configure,
  group,
  mapConcurrent,
  moveOnAfter,
  race,
  retry,
  Semaphore,
  shield,
  sleep,
  streamConcurrent,
  supervise,
  tasks,
  withTimeout,
} from "../../../mod.ts";
import { cancelEverywhere, explore } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";
import { Sweep } from "../../support/sweep.ts";

type Work = () => Promise<unknown>;

/** Each runs `work` once or more, and gives what it gives. */
const forms: Record<string, (work: Work) => Promise<unknown>> = {
  group: (work) => group(work),
  "group with a task": (work) => group((g) => g.spawn(work)),
  "group with a task beside its body": (work) =>
    group(async (g) => {
      const found: unknown[] = [];
      g.spawn(async () => found.push(await work()));
      await sleep(1);
      return found;
    }),
  "group with a limit": (work) =>
    group(async (g) => {
      const tasks = [g.spawn(work), g.spawn(work)];
      return [await tasks[0], await tasks[1]];
    }, { limit: 1 }),
  start: (work) => group((g) => g.start(async (started) => started(await work()))),
  all: (work) => all([work, work]),
  allSettled: (work) => allSettled([work, work]),
  race: (work) => race([work, () => sleep(Infinity)]),
  any: (work) => any([work, () => sleep(Infinity)]),
  mapConcurrent: (work) => mapConcurrent([1, 2, 3], work, { limit: 2 }),
  streamConcurrent: async (work) => {
    const found: unknown[] = [];
    for await (const value of streamConcurrent([1, 2], work, { limit: 2 })) found.push(value);
    return found;
  },
  supervise: (work) => supervise((s) => s.spawn(work)),
  retry: (work) => retry(work, { attempts: 2 }),
  withTimeout: (work) => withTimeout(Infinity, work),
  moveOnAfter: (work) => moveOnAfter(Infinity, work),
  "CancelScope.run": (work) => new CancelScope().run(work),
  shield: (work) => shield(work),
  "Semaphore.run": (work) => new Semaphore(1).run(work),
  "a task that is awaited late": (work) =>
    group(async (g) => {
      const task = g.spawn(work);
      await sleep(20);
      return await task;
    }),
};

// Bounds that never pass: in some orders a completion comes after any timer.
testWith(
  "async context",
  "forms that run something, nested in any way and cancelled at any point, give all of their result or none",
  async () => {
    const told: unknown[] = [];
    configure({ onUnhandled: (error) => void told.push(error) });
    const nesting = fc.array(fc.constantFrom(...Object.keys(forms)), { minLength: 2, maxLength: 4 });
    const property = fc.asyncProperty(nesting, fc.option(fc.nat(5), { nil: undefined }), async (names, seed) => {
      let sweep: Sweep | undefined;
      let whole: string | undefined;
      await cancelEverywhere(async (sim) => {
        const { work } = sweep = new Sweep(sim);
        const nested = names.reduceRight<Work>((inner, name) => () => forms[name]!(inner), work.call(sweep, "done"));
        const value = JSON.stringify(await nested()) ?? "undefined";
        assertEquals(value, whole ??= value);
      }, {
        after() {
          sweep?.end();
          sweep = undefined;
          assertEquals(tasks(), []);
        },
        ...(seed === undefined ? {} : { seed }),
      });
      assertEquals(told, []);
    });
    try {
      await fc.assert(property, { numRuns: 60 });
    } finally {
      configure({ onUnhandled: undefined });
    }
  },
);

for (const [name, form] of Object.entries(forms)) {
  testWith(
    "async context",
    `${name} between two scopes that are cancelled in any order: no code runs between them, and nothing half done comes out`,
    async () => {
      const { schedules } = await explore(async (sim) => {
        const outer = new CancelScope();
        const inner = new CancelScope();
        const sweep = new Sweep(sim);
        await group(async (g) => {
          g.spawn(() => sim.io("outer").then(() => outer.cancel()));
          g.spawn(() => sim.io("inner").then(() => inner.cancel()));
          await outer.run(async () => {
            const value = await inner.run(() => form(sweep.work("done")));
            if (inner.cancelCaught) assertEquals([outer.cancelCalled, value], [false, undefined]);
            else assert(value !== undefined);
          });
          sweep.end();
        });
      }, { maxSchedules: 100 });
      assert(schedules > 10, `${schedules} schedules`);
    },
  );
}
