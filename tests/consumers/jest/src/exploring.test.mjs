import { jest } from "@jest/globals";
import { exploring } from "@millrace/millrace/testing";

jest.setTimeout(1000);

afterEach(() => void jest.useRealTimers());

async function lastToCome(sim) {
  let shown = "";
  await Promise.all(["a", "ab"].map(async (text) => {
    await sim.io(text);
    shown = text;
    console.log("shows", text);
  }));
  if (shown !== "ab") throw new Error(`shows ${shown}`);
}

/** A test that explores, to be run by hand. */
const byHand = exploring((_name, fn) => fn);

exploring(test.failing)("a race makes a test fail", lastToCome, 30_000);

exploring(test)("what has no race passes, with its limit at its place", async (sim) => {
  await Promise.all([sim.io("a"), sim.io("b")]);
}, 30_000);

exploring(test.skip)("what is skipped is not run", () => {
  throw new Error("it was run");
});

exploring(test.failing)("a test that takes too long ends before its limit", async (sim) => {
  for (;;) await sim.io();
}, 300);

test("a failure begins at the test, and tells the run with what it has printed", async () => {
  const failure = await byHand("by hand", lastToCome)().catch((error) => error);
  expect(failure.message).toMatch(/console\.log +shows a\n/);
  expect(failure.message).toContain('of the test "by hand"');
  const [first] = failure.stack.split("\n").filter((line) => /^\s*at /.test(line));
  expect(first).toContain("exploring.test.mjs");
}, 30_000);

test("a limit that jest was given for the whole file is kept", async () => {
  const explores = exploring((_name, fn) => fn, { maxSteps: Infinity })("by hand", async (sim) => {
    for (;;) await sim.io();
  });
  await expect(explores()).rejects.toThrow("timed out after 900 ms");
}, 30_000);

for (const [name, options] of [["modern", undefined], ["legacy", { legacyFakeTimers: true }]]) {
  test(`jest's fake timers are named: ${name}`, async () => {
    const explores = byHand("by hand", () => {});
    jest.useFakeTimers(options);
    await expect(explores()).rejects.toThrow("The fake timers of jest (jest.useFakeTimers) are in place");
    jest.useRealTimers();
    await explores();
  }, 30_000);
}
