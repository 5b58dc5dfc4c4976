import { test } from "node:test";
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { checkFolders, project, readArguments, UsageError } from "../../../examples/search/args.ts";

test("without arguments the project is served on port 8787", () => {
  assertEquals(readArguments([], {}), {
    folders: [project],
    once: undefined,
    port: 8787,
    deadline: 10_000,
    inspect: false,
  });
});

test("an option goes before the variable, the variable before the default", () => {
  const env = { PORT: "1000", DEADLINE: "2000" };
  assertEquals(readArguments(["a", "b"], env), {
    folders: ["a", "b"],
    once: undefined,
    port: 1000,
    deadline: 2000,
    inspect: false,
  });
  const all = readArguments(["--once", "two words", "--port", "0", "--deadline=5", "--inspect", "c"], env);
  assertEquals(all, { folders: ["c"], once: "two words", port: 0, deadline: 5, inspect: true });
});

test("help is asked for in two ways", () => {
  assertEquals(readArguments(["--help"], {}), "help");
  assertEquals(readArguments(["-h", "folder"], {}), "help");
});

test("what is not understood is refused with the value received", () => {
  for (const port of ["http", "-1", "65536", "1.5", "", " "]) {
    const error = assertThrows(() => readArguments([], { PORT: port }), UsageError);
    assertStringIncludes((error as Error).message, JSON.stringify(port));
  }
  assertThrows(() => readArguments(["--deadline", "0"], {}), UsageError);
  const error = assertThrows(() => readArguments(["--fast"], {}), UsageError);
  assertStringIncludes((error as Error).message, "--fast");
});

test("a folder that is not there, and a file in place of one, are refused by name", async () => {
  await checkFolders([project]);
  await assertRejects(() => checkFolders([project, "no/such/folder"]), UsageError, "no/such/folder");
  await assertRejects(() => checkFolders([`${project}/LICENSE`]), UsageError, "is not a folder");
});
