import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { main } from "../../../mod.ts";
import { run, start } from "../../support/child.ts";
import { root } from "../../support/hosts.ts";

const program = join(root, "tests/scheduler/tasks/programs/main.ts");

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
