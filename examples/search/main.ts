/**
 * A code-search server over real files: `npm start -- --help`.
 *
 * The program itself, with all that it uses, is loaded only when it is to run: `--help` and a mistake in the arguments
 * are answered with half of the processor's time.
 */

import process from "node:process";
import { checkFolders, readArguments, usage, UsageError } from "./args.ts";

try {
  const options = readArguments(process.argv.slice(2), process.env);
  if (options === "help") console.log(usage);
  else {
    await checkFolders(options.folders);
    const { runProgram } = await import("./program.ts");
    await runProgram(options);
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
