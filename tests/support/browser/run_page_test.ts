/** What is told of a page, whatever becomes of it. */

import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { BrowserContext } from "playwright-core";
import type { FileResult } from "../runner/reports.ts";
import type { Told } from "./page/test.ts";
import { type PageRun, runPage } from "./run_page.ts";

/** A page that does what a test wants. */
interface FakePage {
  tell(told: Told): void;
  emit(event: string, argument?: unknown): void;
}

function run(act: (page: FakePage) => void, limit = 30_000): Promise<FileResult> {
  const listeners = new Map<string, (argument: unknown) => void>();
  let tell!: (told: Told) => void;
  const page = {
    exposeFunction: (_name: string, fn: typeof tell) => Promise.resolve(void (tell = fn)),
    on: (event: string, listener: (argument: unknown) => void) => void listeners.set(event, listener),
    goto(_url: string) {
      act({ tell, emit: (event, argument) => listeners.get(event)!(argument) });
      return Promise.resolve();
    },
  };
  const context = { newPage: () => Promise.resolve(page) } as unknown as BrowserContext;
  const settings: PageRun = {
    host: "browser",
    file: "a_test.ts",
    url: "",
    limit,
    onSkipped() {},
    mapped: (text) => text,
  };
  return runPage(context, settings);
}

test("tests are counted by how they ended, with how long they took", async () => {
  const result = await run(({ tell }) => {
    tell({ kind: "begun", name: "one" });
    tell({ kind: "ended", name: "one", seconds: 0.5 });
    tell({ kind: "skipped", name: "two", why: "why" });
    tell({ kind: "done" });
  });
  assertEquals([result.ok, result.counts], [true, { passed: 1, failed: 0, skipped: 1 }]);
  assertEquals(result.times, [{ host: "browser", file: "a_test.ts", name: "one", seconds: 0.5 }]);
  assertEquals(result.report, "");
});

test("a failing test is told with its error and with what the page printed", async () => {
  const result = await run(({ tell, emit }) => {
    tell({ kind: "begun", name: "one" });
    emit("console", { type: () => "log", text: () => "printed" });
    tell({ kind: "ended", name: "one", seconds: 0, error: "Error: mine\n    at somewhere" });
    tell({ kind: "done" });
  });
  assertEquals([result.ok, result.counts], [false, { passed: 0, failed: 1, skipped: 0 }]);
  assertEquals(result.report, "not ok one\n  Error: mine\n      at somewhere\n# log: printed");
});

test("a page that hangs or crashes is a failure with the name of the test that ran", async () => {
  const begin = ({ tell }: FakePage): void => tell({ kind: "begun", name: "spins" });
  const hung = await run(begin, 5);
  assertStringIncludes(hung.report, "not ok spins\n  the page did not end in");
  const crashed = await run((page) => {
    begin(page);
    page.emit("crash");
  });
  assertEquals([crashed.ok, crashed.report], [false, "not ok spins\n  the page crashed"]);
});

test("a file without a test has failed, and an error that nobody handled fails its file", async () => {
  const none = await run(({ tell }) => tell({ kind: "done" }));
  assertEquals([none.ok, none.report], [false, "not ok a_test.ts\n  the file has no test"]);
  const stray = await run(({ tell }) => {
    tell({ kind: "begun", name: "one" });
    tell({ kind: "stray", error: "Error: lost" });
    tell({ kind: "ended", name: "one", seconds: 0 });
    tell({ kind: "done" });
  });
  assert(!stray.ok);
  assertStringIncludes(stray.report, "Error: lost");
});
