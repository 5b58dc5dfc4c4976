/**
 * Random programs of callbacks, as data.
 *
 * @module
 */

import fc from "fast-check";
import type { LoopApi, LoopHandle, LoopProgram } from "../../testing.ts";

/** What can be asked of the loop of a server. */
type Kind = "timeout" | "immediate" | "tick" | "microtask" | "promise" | "io" | "close" | "message";

/** One request, and what its callback does; or a step that has no callback. */
export type Step = Request | { kind: "spin"; ms: number } | { kind: "clear" | "refresh"; handle: number };

interface Request {
  kind: Kind;
  ms: number;
  steps: Step[];
}

const kinds: readonly Kind[] = ["timeout", "immediate", "tick", "microtask", "promise", "io", "close", "message"];

/** Programs of a few steps, nested to a small depth. */
export function loopPrograms(options: { without?: readonly string[]; steps?: number } = {}): fc.Arbitrary<Step[]> {
  const { without = [], steps = 4 } = options;
  const usable = kinds.filter((kind) => !without.includes(kind));
  const spin = fc.record({ kind: fc.constant("spin" as const), ms: fc.constantFrom(2, 6, 12) });
  const change = fc.record({ kind: fc.constantFrom("clear" as const, "refresh" as const), handle: fc.nat(5) });
  const ms = fc.constantFrom(0, 1, 2, 5, 10);
  // Timers that are set in a drain while time passes there: whether they come in the same phase is where hosts differ.
  const leaf = fc.record({
    kind: fc.constantFrom("timeout" as const, "timeout" as const, "immediate" as const),
    ms,
    steps: fc.constant<Step[]>([]),
  });
  const drained = usable.filter((kind) => ["tick", "microtask", "promise"].includes(kind));
  const busyDrain = fc.record({
    kind: fc.constantFrom(...drained),
    ms,
    steps: fc.array(fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 2, arbitrary: spin }), {
      minLength: 2,
      maxLength: 4,
    }),
  });
  const level = (depth: number): fc.Arbitrary<Step[]> =>
    fc.array(
      fc.oneof(
        {
          weight: 10,
          arbitrary: fc.record({
            kind: fc.constantFrom(...usable),
            ms,
            steps: depth === 0 ? fc.constant<Step[]>([]) : level(depth - 1),
          }),
        },
        { weight: 1, arbitrary: spin },
        { weight: depth > 0 ? 1 : 0, arbitrary: busyDrain },
        { weight: without.includes("clear") ? 0 : 1, arbitrary: change },
      ),
      { minLength: depth === 2 ? 1 : 0, maxLength: depth === 2 ? steps : 2 },
    );
  return level(2);
}

/** The program of such data: each callback logs its number, in the order in which they were asked for. */
export function programOf(steps: readonly Step[]): LoopProgram {
  return (loop) => {
    const handles: LoopHandle[] = [];
    let last = 0;
    run(steps);

    function run(these: readonly Step[]): void {
      for (const step of these) runStep(step);
    }
    function runStep(step: Step): void {
      if (step.kind === "spin") return loop.spin(step.ms);
      if (!("steps" in step)) {
        const handle = handles[step.handle];
        if (handle === undefined || (step.kind === "refresh" && handle.kind !== "timeout")) return;
        // Refreshed once more than it has fired, a timer would go on for ever.
        if (step.kind === "refresh") handles.splice(step.handle, 1);
        return step.kind === "clear" ? loop.clear(handle) : loop.refresh(handle);
      }
      const label = `${step.kind}${++last}`;
      request(loop, step, () => {
        loop.log(label);
        run(step.steps);
      });
    }
    function request(loop: LoopApi, step: Request, fn: () => void): void {
      switch (step.kind) {
        case "timeout":
          return void handles.push(loop.setTimeout(fn, step.ms));
        case "immediate":
          return void handles.push(loop.setImmediate(fn));
        case "tick":
          return loop.nextTick(fn);
        case "microtask":
          return loop.queueMicrotask(fn);
        case "promise":
          return loop.promise(fn);
        case "io":
          return loop.io(fn);
        case "close":
          return loop.close(fn);
        case "message":
          return loop.message(fn);
      }
    }
  };
}

/** A program as it can be read. */
export function show(steps: readonly Step[]): string {
  return steps.map((step) => {
    if (step.kind === "spin") return `spin(${step.ms})`;
    if (!("steps" in step)) return `${step.kind}(${step.handle})`;
    return `${step.kind}${step.kind === "timeout" ? step.ms : ""}{${show(step.steps)}}`;
  }).join(" ");
}
