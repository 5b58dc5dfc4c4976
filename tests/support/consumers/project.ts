/**
 * A project, copied out of the checkout, with its tools and the package installed, and its consumers run.
 *
 * @module
 */

import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../hosts.ts";
import { type Consumer, type Place, type Project, StepError } from "./consumer.ts";
import { type Feature, features, type Outcomes, outcomesOf } from "./features.ts";
import { writeProgram } from "./programs.ts";
import { command, lastLines, nameOf, runStep } from "./steps.ts";

/** What came of a consumer. */
export interface ConsumerResult {
  readonly consumer: Consumer;
  readonly outcomes: Outcomes;
  readonly seconds: number;
  /** What has failed; empty when nothing has. */
  readonly failure: string;
}

const nothing = outcomesOf("");

/** Runs the consumers of a project, one after the other; `tell` gets each result as it comes. */
export async function runProject(
  project: Project,
  tarball: string,
  tell: (result: ConsumerResult) => void,
): Promise<void> {
  // The real path: where the system's temporary folder is a link, tools that resolve links would see two projects.
  const base = realpathSync(mkdtempSync(join(tmpdir(), "millrace-consumer-")));
  const place: Place = { folder: join(base, "project"), elsewhere: join(base, "elsewhere"), tarball };
  try {
    let failure = "";
    try {
      await prepare(project, place);
    } catch (error) {
      failure = (error as Error).message;
    }
    for (const consumer of project.consumers) {
      tell(failure === "" ? await runConsumer(consumer, place) : { consumer, outcomes: nothing, seconds: 0, failure });
      if (failure !== "") failure = "The project is that of the failure before";
    }
  } finally {
    rmSync(base, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Copies the project and installs its packages as its users would. */
async function prepare(project: Project, place: Place): Promise<void> {
  const source = join(root, "tests/consumers", project.folder);
  cpSync(source, place.folder, { recursive: true, filter: (path) => !path.includes("node_modules") });
  mkdirSync(place.elsewhere);
  for (const [folder, forms] of Object.entries(project.program ?? {})) {
    writeProgram(join(place.folder, folder), forms);
  }
  for (const [folder, source] of Object.entries(project.copies ?? {})) {
    cpSync(join(root, source), join(place.folder, folder), { recursive: true });
  }
  // The lock file holds the tools; the package is added to the copy of it.
  const install = "npm install --no-audit --no-fund --prefer-offline --loglevel=error {tarball}";
  await runStep(command(install, { limit: 180_000 }), place);
}

async function runConsumer(consumer: Consumer, place: Place): Promise<ConsumerResult> {
  const began = performance.now();
  let outcomes = nothing;
  let failure = "";
  try {
    for (const step of consumer.builds ?? []) await runStep(step, place);
    for (const step of consumer.runs) {
      const output = await runStep(step, place);
      outcomes = outcomesOf(output);
      const silent = silentFeatures(consumer, outcomes);
      if (silent.length > 0) {
        throw new StepError(`${nameOf(step)}: nothing was seen of ${silent.join(", ")}\n${lastLines(output)}`);
      }
    }
  } catch (error) {
    failure = error instanceof StepError ? error.message : String((error as Error).stack);
  }
  return { consumer, outcomes, seconds: (performance.now() - began) / 1000, failure };
}

/** The features that should have been used and were not, or the other way round. */
function silentFeatures({ isCheck = false, unused = [] }: Consumer, outcomes: Outcomes): Feature[] {
  return features.filter((feature) => {
    const isUnused = isCheck || unused.includes(feature);
    return isUnused !== (outcomes[feature] === "unused");
  });
}
