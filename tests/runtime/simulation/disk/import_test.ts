import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { onMachine } from "../../../support/machine_files.ts";

test("a module that a program imports comes from the host, and sees the disk of the machine", async () => {
  const text = await onMachine(async () => {
    const { readTwice } = await import("./programs/imported.ts");
    return await readTwice("/log");
  }, { "/log": "text" });
  assertEquals(text, "texttext");
});
