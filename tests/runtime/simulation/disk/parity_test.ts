import { test } from "node:test";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { mkdirSync } from "node:fs";
import { fileSteps, runFileProgram, withoutQuirks } from "../../../support/file_programs.ts";
import { withFolder } from "../../../support/folder.ts";
import { hostsFiles, onMachine } from "../../../support/machine_files.ts";
import { thisHost } from "../../../support/this_host.ts";

/** Deno and Bun take some odd paths otherwise than the system. */
const isNode = thisHost() === "node" || thisHost() === "node26";

/** Other systems have other rules for names, links and codes. */
const isLinux = thisHost() !== "browser" && process.platform === "linux";

test(
  "a random program of calls comes to the same on a simulated disk and on a real one",
  { skip: !isLinux },
  () =>
    withFolder(async (folder) => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(fileSteps(isNode), { maxLength: 25, size: "max" }), async (program) => {
          const steps = withoutQuirks(thisHost(), program);
          const own = `${folder}/${++run}/in`;
          mkdirSync(own, { recursive: true });
          const real = await runFileProgram(hostsFiles(), own, steps);
          const simulated = await onMachine(() => {
            hostsFiles().mkdirSync(own, { recursive: true });
            return runFileProgram(hostsFiles(), own, steps);
          });
          assertEquals(simulated, real);
        }),
        { numRuns: 200 },
      );
    }),
);
