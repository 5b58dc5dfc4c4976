/**
 * The scheduler against a model of the standard's algorithm: the plainest program that does what its text says, with lists that are
 * searched from end to end. Both run the same random programs, on a clock of the test.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Priority, scheduler, TaskController, TaskSignal } from "../../../mod.ts";
import { onFakeLoop } from "../../support/fake_loop.ts";
import { testWith } from "../../support/needs.ts";
import { macrotask } from "../../support/macrotask.ts";

const priorities: readonly Priority[] = ["background", "user-visible", "user-blocking"];

/** What a task does: between two segments it yields. */
interface Program {
  segments: Action[][];
  signal: number | undefined;
  priority: Priority | undefined;
  delay: number;
}

type Action =
  | { do: "post"; task: Program }
  | { do: "set"; controller: number; priority: Priority }
  | { do: "abort"; controller: number }
  | { do: "spin"; ms: number };

/**
 * The signals of a program: 0 and 1 are those of two controllers, 2 that of a plain `AbortController`; the others are combined, each
 * from the signals that abort it and from that which gives it its priority, or a priority for good.
 */
const combined: readonly { abort: readonly number[]; priority: number | Priority }[] = [
  { abort: [0], priority: 1 },
  { abort: [1, 2], priority: 3 },
  { abort: [4], priority: "background" },
  { abort: [], priority: 5 },
];
const signalCount = 3 + combined.length;

/** What a program is run on. */
interface World<State> {
  now(): number;
  spin(ms: number): void;
  post(task: Program, run: (state: State) => Promise<string>): Promise<string>;
  yield(state: State): Promise<void>;
  setPriority(controller: number, priority: Priority): void;
  abort(controller: number): void;
}

/** What came of a program: what ran in which order and when, and how the promise of each task was settled. */
interface Outcome {
  log: string[];
  results: Record<string, string>;
}

async function perform<State>(
  world: World<State>,
  outcome: Outcome,
  name: string,
  segments: readonly Action[][],
  state: State,
): Promise<string> {
  let posted = 0;
  for (const [index, actions] of segments.entries()) {
    try {
      if (index > 0) await world.yield(state);
    } catch (reason) {
      return `interrupted in segment ${index} by ${reason}`;
    }
    outcome.log.push(`${world.now()}: ${name}, ${index}`);
    for (const action of actions) {
      if (action.do === "spin") world.spin(action.ms);
      else if (action.do === "set") world.setPriority(action.controller, action.priority);
      else if (action.do === "abort") world.abort(action.controller);
      else {
        const child = `${name}.${++posted}`;
        const { segments: inner } = action.task;
        world.post(action.task, (own) => perform(world, outcome, child, inner, own))
          .then(
            (value) => outcome.results[child] = value,
            (reason) => outcome.results[child] = `rejected with ${reason}`,
          );
      }
    }
  }
  return "done";
}

/** Runs the program on the library. */
function onLibrary(program: Program): Promise<Outcome> {
  return onFakeLoop(async (fake) => {
    const controllers = [new TaskController(), new TaskController({ priority: "background" }), new AbortController()];
    const signals: AbortSignal[] = controllers.map(({ signal }) => signal);
    for (const { abort, priority } of combined) {
      const followed = typeof priority === "number" ? signals[priority] as TaskSignal : priority;
      signals.push(TaskSignal.any(abort.map((index) => signals[index]!), { priority: followed }));
    }
    const outcome: Outcome = { log: [], results: {} };
    let live = 1;
    const world: World<undefined> = {
      now: () => fake.time,
      spin: (ms) => void (fake.time += ms),
      async post({ signal, priority, delay }, run) {
        live++;
        try {
          return await scheduler.postTask(() => run(undefined), {
            ...(signal !== undefined && { signal: signals[signal]! }),
            ...(priority !== undefined && { priority }),
            delay,
          });
        } finally {
          live--;
        }
      },
      yield: () => scheduler.yield(),
      setPriority: (index, priority) => (controllers[index] as TaskController).setPriority(priority),
      abort: (index) => controllers[index]!.abort(`abort ${index}`),
    };
    await perform(world, outcome, "main", program.segments, undefined);
    while (--live > 0) {
      live++;
      await scheduler.postTask(() => {}, { priority: "background", delay: 1 });
    }
    return outcome;
  });
}

/** A signal of the model. */
interface ModelSignal {
  reason: string | undefined;
  priority: Priority;
  /** Is told of an abort, in the order in which they came. */
  algorithms: Set<(reason: string) => void>;
  abortDependents: ModelSignal[];
  priorityDependents: ModelSignal[];
  isFixed: boolean;
}

/** The standard's scheduling state. */
interface ModelState {
  abortSource: ModelSignal | undefined;
  prioritySource: ModelSignal | Priority;
}

interface ModelEntry {
  source: ModelSignal | Priority;
  isContinuation: boolean;
  order: number;
  steps: () => void;
}

/** Runs the program on the model. */
async function onModel(program: Program): Promise<Outcome> {
  const outcome: Outcome = { log: [], results: {} };
  let time = 0;
  let order = 0;
  const queue: ModelEntry[] = [];
  const timers: { at: number; order: number; steps: () => void }[] = [];
  const makeSignal = (priority: Priority, isFixed: boolean): ModelSignal => ({
    reason: undefined,
    priority,
    isFixed,
    algorithms: new Set(),
    abortDependents: [],
    priorityDependents: [],
  });
  const signals = [
    makeSignal("user-visible", false),
    makeSignal("background", false),
    makeSignal("user-visible", true),
  ];
  for (const { abort, priority } of combined) {
    const source = typeof priority === "number" ? signals[priority] : undefined;
    const signal = makeSignal(source?.priority ?? priority as Priority, source === undefined || source.isFixed);
    for (const index of abort) signals[index]!.abortDependents.push(signal);
    source?.priorityDependents.push(signal);
    signals.push(signal);
  }

  const effective = ({ source, isContinuation }: ModelEntry): number =>
    2 * priorities.indexOf(typeof source === "string" ? source : source.priority) + (isContinuation ? 1 : 0);
  function enqueue(source: ModelSignal | Priority, isContinuation: boolean, steps: () => void): ModelEntry {
    const entry = { source, isContinuation, order: order++, steps };
    queue.push(entry);
    return entry;
  }
  function remove(entry: ModelEntry | undefined): void {
    if (entry !== undefined && queue.includes(entry)) queue.splice(queue.indexOf(entry), 1);
  }
  function signalAbort(signal: ModelSignal, reason: string): void {
    if (signal.reason !== undefined) return;
    signal.reason = reason;
    for (const algorithm of [...signal.algorithms]) algorithm(reason);
    signal.algorithms.clear();
    for (const dependent of signal.abortDependents) signalAbort(dependent, reason);
  }
  function signalPriority(signal: ModelSignal, priority: Priority): void {
    if (signal.isFixed || signal.priority === priority) return;
    signal.priority = priority;
    for (const dependent of signal.priorityDependents) signalPriority(dependent, priority);
  }

  const world: World<ModelState | undefined> = {
    now: () => time,
    spin: (ms) => void (time += ms),
    post: ({ signal: index, priority, delay }, run) =>
      new Promise((resolve, reject) => {
        const signal = index === undefined ? undefined : signals[index]!;
        if (signal?.reason !== undefined) return reject(signal.reason);
        const isTaskSignal = index !== undefined && index !== 2;
        const source = priority ?? (isTaskSignal && !signal!.isFixed ? signal! : signal?.priority ?? "user-visible");
        let entry: ModelEntry | undefined;
        const abort = (reason: string): void => {
          remove(entry);
          reject(reason);
        };
        signal?.algorithms.add(abort);
        const come = (): void => {
          if (signal?.reason !== undefined) return;
          entry = enqueue(source, false, () => {
            resolve(run({ abortSource: signal, prioritySource: source }));
            signal?.algorithms.delete(abort);
          });
        };
        if (delay === 0) come();
        else timers.push({ at: time + delay, order: order++, steps: come });
      }),
    yield: (state) =>
      new Promise((resolve, reject) => {
        const signal = state?.abortSource;
        if (signal?.reason !== undefined) return reject(signal.reason);
        const abort = (reason: string): void => {
          remove(entry);
          reject(reason);
        };
        const entry = enqueue(state?.prioritySource ?? "user-visible", true, () => {
          resolve();
          signal?.algorithms.delete(abort);
        });
        signal?.algorithms.add(abort);
      }),
    setPriority: (index, priority) => signalPriority(signals[index]!, priority),
    abort: (index) => signalAbort(signals[index]!, `abort ${index}`),
  };

  void perform(world, outcome, "main", program.segments, undefined);
  for (;;) {
    // A task has ended: its microtasks.
    await macrotask();
    if (queue.length > 0) {
      const best = queue.reduce((a, b) => {
        const more = effective(b) - effective(a);
        return more > 0 || (more === 0 && b.order < a.order) ? b : a;
      });
      remove(best);
      best.steps();
      continue;
    }
    if (timers.length === 0) return outcome;
    timers.sort((a, b) => a.at - b.at || a.order - b.order);
    time = Math.max(time, timers[0]!.at);
    while (timers.length > 0 && timers[0]!.at <= time) timers.shift()!.steps();
  }
}

const { program } = fc.letrec<{ program: Program; action: Action }>((tie) => ({
  program: fc.record({
    segments: fc.array(fc.array(tie("action"), { maxLength: 4, depthIdentifier: "tasks" }), {
      minLength: 1,
      maxLength: 3,
    }),
    signal: fc.option(fc.nat(signalCount - 1), { nil: undefined, freq: 3 }),
    priority: fc.option(fc.constantFrom(...priorities), { nil: undefined, freq: 1 }),
    delay: fc.constantFrom(0, 0, 0, 0, 3, 5, 8),
  }),
  action: fc.oneof(
    { depthSize: "small", depthIdentifier: "tasks", withCrossShrink: true },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("spin" as const), ms: fc.integer({ min: 1, max: 6 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("set" as const),
        controller: fc.nat(1),
        priority: fc.constantFrom(...priorities),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("abort" as const), controller: fc.nat(2) }) },
    { weight: 9, arbitrary: fc.record({ do: fc.constant("post" as const), task: tie("program") }) },
  ),
})) as unknown as { program: fc.Arbitrary<Program> };

testWith(
  "async context",
  "programs of posts, yields, changes of priority, aborts and delays run as on a model of the standard's algorithm",
  async () => {
    let ran = 0;
    let raised = 0;
    await fc.assert(
      fc.asyncProperty(program, async (main) => {
        const expected = await onModel(main);
        assertEquals(await onLibrary(main), expected);
        ran += expected.log.length;
        if (Object.values(expected.results).some((result) => result !== "done")) raised++;
      }),
      { numRuns: 300 },
    );
    // The programs are more than a task each, and not all of them are left alone.
    assert(ran > 1500 && raised > 30, `${ran} segments ran, in ${raised} programs tasks were aborted`);
  },
);
