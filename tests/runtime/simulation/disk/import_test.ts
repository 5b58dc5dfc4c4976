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

test("so does one of CommonJS, and what it reads as it is loaded is on the disk", async () => {
  const text = await onMachine(async () => {
    const path: string = "./programs/required.cjs";
    const { default: loaded } = await import(path) as { default: { text: string; missing: string } };
    return `${loaded.text} ${loaded.missing}`;
  }, { "/log": "text" });
  assertEquals(text, "text ENOENT");
});
