import { pathToFileURL } from "node:url";
import { useAll } from "./server.ts";

// tsx makes CommonJS of this, which has neither a top-level await nor `import.meta.url`.
const named = (file: string): URL => new URL(file, pathToFileURL(`${process.argv[1]!}`));
// Node before 24 cannot import a `.cts` file that requires a module, without Millrace neither.
const commonJs = Number(process.versions.node.split(".")[0]) >= 24 ? ["./tasks.cts"] : [];

void useAll({
  worker: named("./tasks.ts"),
  more: ["./tasks.mts", ...commonJs].map(named),
  plain: ["./plain.ts", "./awaits.mts"].map(named),
});
