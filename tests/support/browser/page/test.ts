/**
 * `node:test` in a page, as far as the tests use it: `test`, one after the other in their order.
 *
 * @module
 */

import { isHeeded } from "./node_process.ts";

/** What the page tells of its tests. */
export type Told =
  | { readonly kind: "begun"; readonly name: string }
  | { readonly kind: "ended"; readonly name: string; readonly seconds: number; readonly error?: string }
  | { readonly kind: "skipped"; readonly name: string; readonly why: string }
  /** Something failed that no test awaits. */
  | { readonly kind: "stray"; readonly error: string }
  | { readonly kind: "done" };

interface Entry {
  readonly name: string;
  readonly body: () => unknown;
  readonly skip: string | undefined;
}

/** The longest that a test may take, in ms. */
const longest = 60_000;

// What a simulation puts in their place is not for the runner.
const { setTimeout, clearTimeout } = globalThis;
const page = globalThis as unknown as { tellHarness(told: Told): Promise<void>; runTests(): Promise<void> };
const entries: Entry[] = [];

/** Registers a test. */
export function test(name: string, body: () => unknown): void;
export function test(name: string, options: { skip?: string }, body: () => unknown): void;
export function test(name: string, ...rest: [() => unknown] | [{ skip?: string }, () => unknown]): void {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
  entries.push({ name, body, skip: options.skip });
}

page.runTests = async () => {
  for (const { name, body, skip } of entries) {
    if (skip !== undefined) {
      await page.tellHarness({ kind: "skipped", name, why: skip });
      continue;
    }
    await page.tellHarness({ kind: "begun", name });
    const started = performance.now();
    const error = await run(body);
    const seconds = (performance.now() - started) / 1000;
    await page.tellHarness({ kind: "ended", name, seconds, ...(error !== undefined && { error: error.text }) });
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
  await page.tellHarness({ kind: "done" });
};

/** What is wrong with a test, if anything is. */
async function run(body: () => unknown): Promise<{ text: string } | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The test has not ended in ${longest / 1000} s`)), longest);
    });
    await Promise.race([(async () => await body())(), late]);
    return undefined;
  } catch (error) {
    return { text: textOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** An error with its stack, and those that it was caused by. */
function textOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return `Thrown: ${String(error)}`;
  const first = `${error.name}: ${error.message}`;
  const stack = error.stack ?? "";
  const text = stack.includes(error.message) ? stack : `${first}\n${stack}`;
  const inner = error instanceof AggregateError ? error.errors : [];
  const causes = [...("cause" in error ? [error.cause] : []), ...inner].slice(0, 5);
  return [text, ...causes.map((cause) => depth > 3 ? "caused by ..." : `caused by ${textOf(cause, depth + 1)}`)].join(
    "\n",
  );
}

function tellStray(event: Event, error: unknown): void {
  if (isHeeded(event.type)) return;
  const told: Told = { kind: "stray", error: textOf(error) };
  // A test's own listener may come after this one.
  setTimeout(() => event.defaultPrevented || page.tellHarness(told), 0);
}

addEventListener("error", (event) => tellStray(event, event.error ?? event.message));
addEventListener("unhandledrejection", (event) => tellStray(event, event.reason));
