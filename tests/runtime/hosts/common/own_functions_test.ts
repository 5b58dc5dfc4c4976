import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { run } from "../../../support/child.ts";
import { type Fakes, kinds } from "../programs/fake_timers.ts";
import { useLibrary } from "../programs/use_library.ts";

const program = fileURLToPath(new URL("../programs/use_with_fakes.ts", import.meta.url));

interface BunTest {
  jest: { useFakeTimers(): void; advanceTimersByTime(ms: number): void; useRealTimers(): void };
}

const isBun = process.versions["bun"] !== undefined;

/** Bun's own fake timers, which are there in its test runner only, and inside the host's functions. */
async function native(): Promise<Fakes> {
  const name = "bun:test";
  const { jest } = await import(name) as BunTest;
  return {
    install: () => jest.useFakeTimers(),
    tick: (ms) => jest.advanceTimersByTime(ms),
    uninstall: () => jest.useRealTimers(),
  };
}

if (isBun) {
  test("with the fake timers of bun:test, installed before the library is loaded, all goes on", async () => {
    assertEquals(await useLibrary(await native(), "import"), []);
  });

  test("with the fake timers of bun:test, installed after its first use, all goes on", async () => {
    assertEquals(await useLibrary(await native(), "later"), []);
  });
}

const moments: Readonly<Record<string, string>> = {
  import: "before the library is loaded",
  use: "before its first use",
  later: "after its first use",
};

for (const [index, kind] of Object.keys(kinds).entries()) {
  for (const [moment, when] of Object.entries(moments)) {
    // Between the two moments there is nothing that depends on the kind.
    if (moment === "use" && index > 0) continue;
    test(`with ${kind}, installed ${when}, all goes on, and waits follow the fakes and nothing else does`, async () => {
      const { code, stdout, stderr } = await run(program, [kind, moment]);
      assertEquals([code, stdout.trim().split("\n")], [0, ["done"]], stderr);
    });
  }
}
