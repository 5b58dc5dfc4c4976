/** Three nodes as they really run: processes, sockets, files, and SIGKILL. */

import { assertEquals } from "@std/assert";
import { run } from "../../support/child.ts";
import { testWith } from "../../support/needs.ts";

testWith("programs", "three processes lose nothing that was answered when one after the other is killed", async () => {
  const { code, stdout, stderr } = await run("examples/kv/three_processes.ts");
  assertEquals([code, stderr, stdout.trimEnd().split("\n")], [0, "", [
    "25 values are written",
    "The leader is killed",
    "25 more are written, by the two that are left",
    "The killed one is back, and another one is killed",
    "50 of 50 values are read back",
  ]]);
});

testWith("programs", "a node that is not told who it is says what it needs", async () => {
  const { code, stderr } = await run("examples/kv/main.ts", ["--name", "n4", "--members", "n1=http://127.0.0.1:1"]);
  assertEquals([code, stderr.startsWith("Say who this is and where all are: --name n1")], [1, true]);
});
