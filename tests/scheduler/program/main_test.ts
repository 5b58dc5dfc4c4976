import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { main } from "../../../mod.ts";
import { run, start } from "../../support/child.ts";
import { withFolder } from "../../support/folder.ts";
import { root } from "../../support/hosts.ts";

const program = join(root, "tests/scheduler/program/programs/main.ts");

test("main refuses what is no function", () => {
  assertThrows(() => main(undefined as never), TypeError);
});

test("the process stays alive until the body has ended, and then ends by itself", async () => {
  const { code, stdout } = await run(program, ["quiet"]);
  assertEquals([code, stdout], [0, "ended\n"]);
});

test("an error that the body or a task lets out is printed once, and the exit code is 1", async () => {
  for (const name of ["fails", "child", "primitive"]) {
    const { code, stderr, stdout } = await run(program, [name]);
    assertEquals([name, code, stdout], [name, 1, ""]);
    assertEquals(stderr.split("broken on purpose").length, 2, stderr);
  }
});

test("an error is printed with the path of the task that threw it", async () => {
  const { stderr } = await run(program, ["child"]);
  assertMatch(stderr, /broken on purpose[^]*\n {4}in main > reader#\d+\n/);
});

test("after the end no listener is left", async () => {
  const { stdout } = await run(program, ["after"]);
  assertEquals(stdout, "after 0 0\n");
});

test("a signal cancels the tasks with source shutdown; after their cleanup the exit code is the signal's", async () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const child = start(program, ["waits"]);
    await child.waitFor(/ready/);
    child.signal(signal);
    const result = await child.ended;
    assertEquals([result.code, result.signal, result.stderr], [code, null, ""]);
    assertEquals(result.stdout, `ready\nshutdown ${signal}\ncleaned up\n`);
  }
});

test("a second signal exits at once, with its own code", async () => {
  const child = start(program, ["stubborn"]);
  await child.waitFor(/ready/);
  child.signal("SIGINT");
  await child.waitFor(/signalled/);
  child.signal("SIGTERM");
  const { code, signal } = await child.ended;
  assertEquals([code, signal], [143, null]);
});

test("an error during the shutdown is printed, and the exit code stays the signal's", async () => {
  const child = start(program, ["failsLate"]);
  await child.waitFor(/ready/);
  child.signal("SIGTERM");
  const { code, stderr } = await child.ended;
  assertEquals(code, 143);
  assertStringIncludes(stderr, "broken on purpose");
});

test("the first signal drains a server without delay: what runs is answered, then the process ends", async () => {
  const child = start(program, ["serves"]);
  const [, url] = await child.waitFor(/at (http\S+)/);
  const answer = fetch(url!).then((response) => response.text());
  await child.waitFor(/handling/);
  child.signal("SIGTERM");
  assertEquals(await answer, "done");
  const { code, stdout } = await child.ended;
  assertEquals(code, 143);
  assert(stdout.endsWith('{"finished":1,"cancelled":0,"forced":0}\n'), stdout);
});

test("with places the report of a failure says where the tasks around it were spawned", async () => {
  const { stderr } = await run(program, ["places"]);
  assertMatch(stderr, /\n {4}in main > reader#\d+\n {4}reader#\d+ spawned at .*programs[\\/]main\.ts:\d+:\d+\)?\n/);
  assertThrows(() => main(() => {}, { places: 1 as never }), TypeError);
  assertThrows(() => main(() => {}, { other: 1 } as never), TypeError);
});

test("what the program did is written as a trace to the file that MILLRACE_TRACE names, also after a failure", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "trace.json");
    const { code, stderr } = await run(program, ["child"], { env: { MILLRACE_TRACE: file } });
    assertEquals(code, 1);
    assertStringIncludes(stderr, `The trace of the program is in ${file}`);
    const { traceEvents } = JSON.parse(await readFile(file, "utf8")) as { traceEvents: { name: string }[] };
    assert(traceEvents.some(({ name }) => name.startsWith("reader#")));
    const missing = await run(program, ["quiet"], { env: { MILLRACE_TRACE: join(folder, "no", "such", "folder") } });
    assertEquals([missing.code, missing.stdout], [0, "ended\n"]);
    assertStringIncludes(missing.stderr, "The trace of the program could not be written");
  });
});

test("on a terminal the report is in colour, and elsewhere it is not", async () => {
  const colours = await run(program, ["fails"], { env: { NO_COLOR: "", FORCE_COLOR: "1" } });
  assertStringIncludes(colours.stderr, "\x1b[1;31mError: broken on purpose\x1b[0m");
  const none = await run(program, ["fails"], { env: { NO_COLOR: "", FORCE_COLOR: "" } });
  assert(!none.stderr.includes("\x1b"), none.stderr);
});
