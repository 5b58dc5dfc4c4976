import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { configure, currentTask, group, type UnhandledContext } from "../../mod.ts";
import { loop, replaceLoop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { suppress } from "../../scheduler/scopes/exit.ts";
import { describeError, reportUnhandled } from "../../scheduler/scopes/unhandled.ts";

/** What `act` makes the process print to its error stream. */
async function reports(act: () => unknown): Promise<string[]> {
  const real = loop();
  const texts: string[] = [];
  replaceLoop(
    Object.assign(Object.create(real), { host: { ...real.host, report: (text: string) => texts.push(text) } }),
  );
  try {
    await act();
  } finally {
    replaceLoop(real);
  }
  return texts;
}

test("an error that nobody can be given is printed once, with the path to where it comes from", async () => {
  const texts = await reports(() =>
    group((g) => {
      g.spawn(() => reportUnhandled(new RangeError("lost"), currentScope()), { name: "reader" });
    }, { name: "server" })
  );
  assertEquals(texts.length, 1);
  assertStringIncludes(texts[0]!, "server > reader#");
  assertStringIncludes(texts[0]!, "RangeError: lost");
});

test("onUnhandled takes the place of printing; what it throws is printed with the error", async () => {
  const seen: [unknown, UnhandledContext][] = [];
  const error = new Error("given");
  try {
    configure({ onUnhandled: (...given) => seen.push(given) });
    const quiet = await reports(() =>
      group((g) => {
        g.spawn((task) => {
          reportUnhandled(error, currentScope());
          assert(currentTask() === task && seen[0]![1].task === task, "it is another task");
        });
      })
    );
    assertEquals([quiet.length, seen.length, seen[0]![0] === error], [0, 1, true]);
    configure({
      onUnhandled: () => {
        throw new Error("of the hook");
      },
    });
    const loud = await reports(() => reportUnhandled(error));
    assertStringIncludes(loud.join(), "given");
    assertStringIncludes(loud.join(), "of the hook");
  } finally {
    configure({ onUnhandled: undefined });
  }
});

test("configure takes effect at once, and nothing of it when a value is wrong", () => {
  const { slice, ageing } = loop().queue;
  configure({ slice: 7 });
  assertEquals([loop().queue.slice, loop().queue.ageing], [7, ageing]);
  assertThrows(() => configure({ slice: 9, ageing: -1 }), RangeError, "-1");
  assertThrows(() => configure({ slice: NaN }), RangeError, "NaN");
  assertThrows(() => configure({ onUnhandled: "print" as never }), TypeError, '"print"');
  assertEquals(loop().queue.slice, 7);
  configure({ slice });
});

test("an error is described with its cause and with what came after it", () => {
  const error = new Error("first", { cause: new TypeError("why") });
  suppress(error, [new RangeError("second"), "third"], undefined);
  const text = describeError(error);
  for (const part of ["first", "caused by TypeError: why", "followed by RangeError: second", 'followed by "third"']) {
    assertStringIncludes(text, part);
  }
  assertEquals(describeError(undefined), "undefined");
});

test("an error is reported with the path of the task that threw it, whoever reports it", async () => {
  const error = new Error("deep");
  const texts = await reports(async () => {
    await group((g) => {
      g.spawn(() =>
        group((inner) => void inner.spawn(() => Promise.reject(error), { name: "reader" }), { name: "request" })
      );
    }, { name: "server" }).catch(() => {});
    reportUnhandled(error);
  });
  assert(/Unhandled in server > task#\d+ > request > reader#\d+: Error: deep/.test(texts[0]!), texts[0]);
});
