/**
 * The trace of a whole program, in a file that the environment names.
 *
 * @module
 */

import { environmentVariable } from "../../runtime/system/environment.ts";
import { writeText } from "../../runtime/system/write_text.ts";
import { startTrace } from "../inspection/mod.ts";
import { loop } from "../queue/loop.ts";

/** The variable with the name of the file. */
const variable = "MILLRACE_TRACE";

/** Begins to record if the environment asks for it; what is returned ends that, writes the file and says where it is. It never throws. */
export function traceToFile(): (() => Promise<void>) | undefined {
  const path = environmentVariable(variable);
  if (path === undefined || path === "") return undefined;
  const { host } = loop();
  try {
    const trace = startTrace();
    return async () => {
      try {
        await writeText(path, trace.stop());
        host.report(`The trace of the program is in ${path}`);
      } catch (error) {
        host.report(`The trace of the program could not be written to ${path}: ${(error as Error).message}`);
      }
    };
  } catch (error) {
    host.report(`${variable} is set, but nothing can be recorded: ${(error as Error).message}`);
    return undefined;
  }
}
