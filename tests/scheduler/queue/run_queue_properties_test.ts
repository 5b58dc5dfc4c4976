/**
 * The rules of the run queue as properties over random programs, on the real host and on one whose clock is the test's.
 *
 * With `MILLRACE_PROGRAMS=n` the number of programs is another one.
 */

import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { forEachChunked, TaskGroup } from "../../../mod.ts";
import { Entry } from "../../../scheduler/queue/entry.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { RunQueue } from "../../../scheduler/queue/run_queue.ts";
import { FakeHost } from "../../support/fake_host.ts";
import { inMacrotask } from "../../support/macrotask.ts";

const programs = Number(process.env["MILLRACE_PROGRAMS"] ?? 1000);

/** One thing a program does; those that hold others do them when they run. */
type Step =
  | { do: "entry"; lane: number; then: Step[] }
  | { do: "task"; then: Step[] }
  | { do: "chunks"; items: number }
  | { do: "chain"; length: number }
  | { do: "microtask"; then: Step[] }
  | { do: "tick"; then: Step[] }
  | { do: "immediate"; then: Step[] }
  | { do: "timer"; then: Step[] };

const { steps } = fc.letrec<{ steps: Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie("step"), { maxLength: 5, depthIdentifier: "steps" }),
  step: fc.oneof(
    { depthSize: "small", depthIdentifier: "steps", withCrossShrink: true },
    fc.record({
      do: fc.constant("chain" as const),
      length: fc.oneof(fc.nat(20), fc.integer({ min: 1000, max: 4000 })),
    }),
    fc.record({ do: fc.constant("chunks" as const), items: fc.nat(50) }),
    fc.record({ do: fc.constant("entry" as const), lane: fc.nat(5), then: tie("steps") }),
    fc.record({ do: fc.constant("task" as const), then: tie("steps") }),
    fc.record({ do: fc.constant("microtask" as const), then: tie("steps") }),
    fc.record({ do: fc.constant("tick" as const), then: tie("steps") }),
    fc.record({ do: fc.constant("immediate" as const), then: tie("steps") }),
    fc.record({ do: fc.constant("timer" as const), then: tie("steps") }),
  ),
})) as unknown as { steps: fc.Arbitrary<Step[]> };

/** A program as a person reads it. */
function describe(program: readonly Step[], indent = ""): string {
  return program.map((step) => {
    const head = step.do === "entry"
      ? `entry in lane ${step.lane}`
      : step.do === "chain"
      ? `promise chain of ${step.length}`
      : step.do === "chunks"
      ? `chunked work of ${step.items} items`
      : step.do;
    const inner = "then" in step && step.then.length > 0 ? "\n" + describe(step.then, indent + "  ") : "";
    return `${indent}${head}${inner}`;
  }).join("\n");
}

/** Ends a failed property with the program as a person reads it; not every test runner prints the cause of an error. */
function report(details: fc.RunDetails<[Step[]]>): void {
  if (!details.failed) return;
  const { counterexample, numShrinks, seed, counterexamplePath, errorInstance } = details;
  const what = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const program = counterexample === null ? "" : `, in the program\n${describe(counterexample[0])}`;
  throw new Error(`${what}${program}\n(shrunk ${numShrinks} times; seed ${seed}, path ${counterexamplePath})`);
}

/** Runs a program on the real host and answers with what was wrong. */
async function run(program: readonly Step[]): Promise<string[]> {
  const wrong: string[] = [];
  /** Microtasks and ticks that were queued and have not run. */
  let pending = 0;
  let live = 0;
  let order = 0;
  const waiting: { lane: number; order: number }[] = [];
  const tasks = new TaskGroup();
  let finish: () => void;
  const finished = new Promise<void>((resolve) => finish = resolve);

  function begin(): void {
    live++;
  }
  function end(): void {
    if (--live === 0) finish();
  }
  function look(what: string): void {
    if (pending > 0) wrong.push(`${what} began while ${pending} microtasks or ticks were queued`);
  }

  class Logged extends Entry {
    readonly place: { lane: number; order: number };
    readonly #then: readonly Step[];
    #ran = false;

    constructor(lane: number, then: readonly Step[]) {
      super();
      this.place = { lane, order: order++ };
      this.#then = then;
    }

    override run(): void {
      look("an entry");
      if (this.#ran) wrong.push("an entry ran twice");
      this.#ran = true;
      const best = waiting.reduce((a, b) => b.lane > a.lane || (b.lane === a.lane && b.order < a.order) ? b : a);
      if (best !== this.place) {
        wrong.push(
          `entry ${this.place.order} of lane ${this.place.lane} ran before ${best.order} of lane ${best.lane}`,
        );
      }
      waiting.splice(waiting.indexOf(this.place), 1);
      perform(this.#then);
      end();
    }
  }

  function perform(steps: readonly Step[]): void {
    for (const step of steps) {
      begin();
      switch (step.do) {
        case "entry": {
          const entry = new Logged(step.lane, step.then);
          waiting.push(entry.place);
          loop().queue.enqueue(entry, step.lane);
          break;
        }
        case "task":
          tasks.spawn(() => {
            look("a task");
            perform(step.then);
            end();
          });
          break;
        case "chunks": {
          let count = 0;
          void forEachChunked(step.items, () => {
            if (count++ === 0) look("chunked work");
          }).then(() => {
            if (count !== step.items) wrong.push(`chunked work did ${count} of ${step.items} items`);
            end();
          });
          break;
        }
        case "chain": {
          pending++;
          let promise = Promise.resolve();
          for (let link = 0; link < step.length; link++) promise = promise.then(() => {});
          void promise.then(() => {
            pending--;
            end();
          });
          break;
        }
        case "microtask":
        case "tick":
          pending++;
          (step.do === "tick" ? process.nextTick ?? queueMicrotask : queueMicrotask)(() => {
            pending--;
            perform(step.then);
            end();
          });
          break;
        case "immediate":
        case "timer": {
          const callback = (): void => {
            perform(step.then);
            end();
          };
          if (step.do === "timer") setTimeout(callback, 0);
          else inMacrotask(callback);
        }
      }
    }
  }

  begin();
  perform(program);
  end();
  await finished;
  await tasks.join();
  if (waiting.length > 0) wrong.push(`${waiting.length} entries were lost`);
  return wrong;
}

test("between two entries the microtask queue is empty, the best entry runs first, and none is lost or runs twice", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (program) => {
      count++;
      const wrong = await run(program);
      if (wrong.length > 0) throw new Error(wrong[0]);
    }),
    { numRuns: programs, reporter: report },
  );
  assert(count >= programs, `${count} programs ran`);
});

test("the programs of the property above do queue entries behind microtasks", async () => {
  assertEquals(
    await run([{ do: "chain", length: 3000 }, { do: "entry", lane: 2, then: [{ do: "chain", length: 3000 }] }, {
      do: "entry",
      lane: 4,
      then: [],
    }]),
    [],
  );
});

class Costly extends Entry {
  readonly #run: () => void;

  constructor(run: () => void) {
    super();
    this.#run = run;
  }

  override run(): void {
    this.#run();
  }
}

test("timers and I/O wait at most a slice and one item, whatever is queued", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ lane: fc.nat(5), cost: fc.double({ min: 0, max: 12, noNaN: true }), again: fc.nat(3) }), {
        minLength: 1,
        maxLength: 700,
      }),
      (items) => {
        const fake = new FakeHost();
        const queue = new RunQueue(fake.host);
        let ran = 0;
        for (const { lane, cost, again } of items) {
          let left = again;
          const entry: Costly = new Costly(() => {
            ran++;
            fake.time += cost;
            if (left-- > 0) queue.enqueue(entry, lane);
          });
          queue.enqueue(entry, lane);
        }
        while (fake.iterate());
        assertEquals(ran, items.reduce((sum, { again }) => sum + again + 1, 0));
        const dearest = Math.max(...items.map(({ cost }) => cost));
        const longest = Math.max(...fake.waits);
        assert(longest <= queue.slice + dearest + 1e-9, `${longest} ms with items of at most ${dearest} ms`);
      },
    ),
    { numRuns: 1000 },
  );
});

test("under a load of higher priorities that never ends, entries wait for the ageing bound, a slice and those before them", () => {
  fc.assert(
    fc.property(
      fc.record({
        flood: fc.array(
          fc.record({ lane: fc.integer({ min: 2, max: 5 }), cost: fc.double({ min: 0.5, max: 9, noNaN: true }) }),
          {
            minLength: 1,
            maxLength: 10,
          },
        ),
        waiting: fc.array(
          fc.record({
            lane: fc.nat(1),
            cost: fc.double({ min: 0, max: 9, noNaN: true }),
            at: fc.integer({ min: 0, max: 3000 }),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        ageing: fc.integer({ min: 100, max: 5000 }),
      }),
      ({ flood, waiting, ageing }) => {
        const fake = new FakeHost();
        const queue = new RunQueue(fake.host);
        queue.ageing = ageing;
        let left = waiting.length;
        const toCome = [...waiting].sort((a, b) => a.at - b.at);
        const waits: number[] = [];
        const come = (): void => {
          while (toCome.length > 0 && toCome[0]!.at <= fake.time) {
            const { lane, cost } = toCome.shift()!;
            const since = fake.time;
            queue.enqueue(
              new Costly(() => {
                waits.push(fake.time - since);
                fake.time += cost;
                left--;
              }),
              lane,
            );
          }
        };
        for (const { lane, cost } of flood) {
          const entry: Costly = new Costly(() => {
            fake.time += cost;
            come();
            if (left > 0) queue.enqueue(entry, lane);
          });
          queue.enqueue(entry, lane);
        }
        while (fake.iterate());
        // Those of the load that are passed over themselves age too.
        const before = [...waiting, ...flood].reduce((sum, { cost }) => sum + cost, 0);
        const dearest = Math.max(...flood.map(({ cost }) => cost));
        const longest = Math.max(...waits);
        assertEquals(waits.length, waiting.length);
        // Stamps are whole milliseconds.
        assert(longest <= ageing + dearest + before + 1 + 1e-6, `${longest} ms with a bound of ${ageing} ms`);
        // An entry's time begins with the turn that it comes in.
        assert(
          Math.min(...waits) >= ageing - dearest - 1,
          `${Math.min(...waits)} ms, before the bound of ${ageing} ms`,
        );
      },
    ),
    { numRuns: 300 },
  );
});

test("an entry of the lowest priority runs once it has waited for the ageing bound, however many of higher priority come", () => {
  const fake = new FakeHost();
  const queue = new RunQueue(fake.host);
  let at = -1;
  const flood: Costly = new Costly(() => {
    fake.time += 1;
    if (at < 0 && fake.time < 60_000) queue.enqueue(flood, 4);
  });
  queue.enqueue(flood, 4);
  queue.enqueue(new Costly(() => at = fake.time), 0);
  while (fake.iterate());
  assert(at >= queue.ageing && at <= queue.ageing + 2, `it ran after ${at} ms`);
});
