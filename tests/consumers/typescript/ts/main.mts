import { useAll } from "./server.ts";

const named = (file: string): URL => new URL(file, import.meta.url);
// Node before 24 cannot import a `.cts` file that requires a module, without Millrace neither.
const commonJs = Number(process.versions.node.split(".")[0]) >= 24 ? ["./tasks.cts"] : [];

await useAll({
  worker: named("./tasks.ts"),
  more: ["./tasks.mts", ...commonJs].map(named),
  plain: ["./plain.ts", "./awaits.mts"].map(named),
});
