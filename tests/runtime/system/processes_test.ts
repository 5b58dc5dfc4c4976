import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { isBatchFile } from "../../../runtime/system/processes.ts";

test("a batch file of Windows is known by its ending, in any case, with the dots and spaces that Windows drops", () => {
  for (const command of ["a.bat", "a.BAT", "C:\\x\\a.cMd", "a.cmd .", "a.bat..  "]) {
    assertEquals(isBatchFile(command), true);
  }
  for (const command of ["a", "bat", "a.bat.exe", "a.batch", "a.cmd/b"]) assertEquals(isBatchFile(command), false);
});
