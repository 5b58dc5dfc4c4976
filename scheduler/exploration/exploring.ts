/**
 * Explorations as tests of a test runner.
 *
 * @module
 */

import { checkFunction } from "../../runtime/basics/check.ts";
import { errorAtCallOf } from "../../runtime/hosts/common/replace_frames.ts";
import type { Simulation } from "../../runtime/simulation/mod.ts";
import { fakesInPlace, timeoutOfRunner } from "../../runtime/system/test_runner.ts";
import { checkExploreOptions, exploreFrom, type ExploreOptions } from "./explore.ts";
import type { ExploreReport } from "./exploration.ts";
import { atCall } from "./stage/at_call.ts";

/**
 * The body of a test that explores. `context` is what the runner gives to its tests, where it gives something.
 */
export type ExploringBody<Context> = (sim: Simulation, context: Context) => unknown;

/**
 * The arguments of a runner's test function, with the body of an exploration in the place of the test's; `never` where there is none.
 */
export type ExploringArguments<Args extends readonly unknown[]> =
  [Extract<Args[number], ((...args: never[]) => unknown) | { fn: unknown }>] extends [never] ? never : {
    [At in keyof Args]: Args[At] extends { fn: (context: infer Context) => unknown }
      ? Omit<Args[At], "fn"> & { fn: ExploringBody<Context> }
      : [Extract<Args[At], (...args: never[]) => unknown>] extends [never] ? Args[At]
      :
        | Exclude<Args[At], (...args: never[]) => unknown>
        | ExploringBody<
          Extract<Args[At], (...args: never[]) => unknown> extends (...args: infer Given) => unknown
            ? Given extends [infer Context, ...unknown[]] ? Context : undefined
            : undefined
        >;
  };

/** A runner's test function whose tests explore: it is called as the runner's own is, in each way in which that can be. */
export type ExploringTest<Test> = Test extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
  (...args: infer A5): infer R5;
  (...args: infer A6): infer R6;
} ?
    & ((...args: ExploringArguments<A1>) => R1)
    & ((...args: ExploringArguments<A2>) => R2)
    & ((...args: ExploringArguments<A3>) => R3)
    & ((...args: ExploringArguments<A4>) => R4)
    & ((...args: ExploringArguments<A5>) => R5)
    & ((...args: ExploringArguments<A6>) => R6)
  : never;

/** What of a runner's options is of account here. */
interface RunnerOptions {
  readonly timeout?: unknown;
}

/** What runners give to their tests; Node and vitest a signal, vitest the limit as well. */
interface RunnerContext {
  readonly signal?: unknown;
  readonly task?: RunnerOptions;
}

/** A test as Deno takes it in one object. */
interface TestDefinition extends RunnerOptions {
  readonly name?: unknown;
  readonly fn: (sim: Simulation, context: never) => unknown;
}

/** For so much less than the runner's limit an exploration may go on, in ms, so that its own error is the one that is seen. */
const mostSpare = 1000;

/**
 * Makes tests that explore their body: of the `test` of `node:test`, vitest, jest or `bun:test`, or of `Deno.test`, each with its
 * `.only`, `.skip` and the like: `exploring(test.only)`. What it returns takes what the runner's function takes, and gives the body a
 * {@linkcode Simulation}. The test ends below the timeout that the runner has for it, and a failure names the test and begins at it.
 *
 * Runners' fake timers have no effect on a body: the test of one that has them in place when it begins fails, and says so.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts no-run
 * import { test } from "node:test";
 * import { exploring } from "@millrace/millrace/testing";
 *
 * exploring(test)("what was typed last is shown", async (sim) => {
 *   let shown = "";
 *   await Promise.all(["a", "ab"].map((text) => sim.io(text).then(() => shown = text)));
 *   if (shown !== "ab") throw new Error(`shows ${shown}`);
 * });
 * ```
 */
export function exploring<Test extends (...args: never[]) => unknown>(
  test: Test,
  options: ExploreOptions = {},
): ExploringTest<Test> {
  checkFunction(test, "The test function of a runner");
  checkExploreOptions(options, "exploring");
  function testThatExplores(...args: unknown[]): unknown {
    const call = errorAtCallOf(testThatExplores);
    const at = args.findLastIndex((arg) => typeof arg === "function" || isDefinition(arg));
    // Without a body it is one to be written.
    if (at < 0) return Reflect.apply(test, undefined, args as never[]);
    const given = args[at] as TestDefinition | TestDefinition["fn"];
    const fn = typeof given === "function" ? given : given.fn;
    const name = args.slice(0, at).find((arg) => typeof arg === "string") ?? (given as TestDefinition).name;
    const explores = new ExploringRun(fn, options, { call, test: String(name) }, timeoutIn(args)).asTest(fn.name);
    const passed = typeof given === "function" ? explores : { ...given, fn: explores };
    return Reflect.apply(test, undefined, args.with(at, passed) as never[]);
  }
  return testThatExplores as unknown as ExploringTest<Test>;
}

function isDefinition(arg: unknown): arg is TestDefinition {
  return typeof (arg as TestDefinition | null | undefined)?.fn === "function";
}

/** The limit that a test is given: a number behind its body, or an option. */
function timeoutIn(args: readonly unknown[]): number | undefined {
  for (const arg of args) {
    const timeout = typeof arg === "number" ? arg : (arg as RunnerOptions | null | undefined)?.timeout;
    if (typeof timeout === "number") return timeout;
  }
  return undefined;
}

/** The second parameter of a function, as it is written; "" where it is not taken apart. */
function secondParameterOf(fn: (...args: never[]) => unknown): string {
  const [, second = ""] = /^[^(]*\([^,{)]*,\s*(\{[^)]*\})\s*[,)]/.exec(String(fn)) ?? [];
  return second;
}

/** The exploration of one test. */
class ExploringRun {
  readonly #body: TestDefinition["fn"];
  readonly #options: ExploreOptions;
  readonly #origin: { readonly call: Error; readonly test: string };
  readonly #timeout: number | undefined;

  constructor(
    body: TestDefinition["fn"],
    options: ExploreOptions,
    origin: { readonly call: Error; readonly test: string },
    timeout: number | undefined,
  ) {
    this.#body = body;
    this.#options = options;
    this.#origin = origin;
    this.#timeout = timeout;
  }

  /**
   * What the runner calls. It has no parameter, because jest and Bun would wait for a callback. Some take its name for that of the test.
   * Vitest reads in its text which fixtures it wants: in the body they stand behind the simulation.
   */
  asTest(name: string): () => Promise<void> {
    // deno-lint-ignore no-this-alias
    const run = this;
    const test = async function (): Promise<void> {
      await run.#explore(arguments[0] as RunnerContext | undefined);
    };
    Object.defineProperty(test, "name", { value: name, configurable: true });
    const text = `(${secondParameterOf(this.#body)}) => {}`;
    Object.defineProperty(test, "toString", { value: () => text, configurable: true });
    return test;
  }

  #explore(context: RunnerContext | undefined): Promise<ExploreReport> {
    const fakes = fakesInPlace();
    if (fakes !== undefined) {
      const error = new Error(
        `${fakes.name} are in place: an exploration has a clock of its own, which they do not move. ` +
          `Take them away before it, with ${fakes.removedBy}, and let the body wait instead`,
      );
      throw atCall(error, this.#origin.call);
    }
    const { maxTime = 60_000 } = this.#options;
    const options: ExploreOptions = { ...this.#options, maxTime: Math.min(maxTime, this.#limit(context)) };
    const signals = [this.#options.signal, context?.signal].filter((each) => each instanceof AbortSignal);
    if (signals.length > 0) options.signal = signals.length === 1 ? signals[0]! : AbortSignal.any(signals);
    const body = this.#body;
    return exploreFrom(this.#origin, (sim) => body(sim, context as never), options);
  }

  /** For how long the runner lets the test go on, less what it takes to tell of its end; `Infinity` where there is no limit. */
  #limit(context: RunnerContext | undefined): number {
    const ofTask = context?.task?.timeout;
    const timeout = this.#timeout ?? (typeof ofTask === "number" ? ofTask : undefined) ??
      (context === undefined ? timeoutOfRunner() : Infinity);
    return timeout > 0 ? timeout - Math.min(mostSpare, timeout / 10) : Infinity;
  }
}
