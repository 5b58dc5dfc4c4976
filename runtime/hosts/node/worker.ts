import type { HostWorker, HostWorkerOptions } from "../../port/worker.ts";
import { builtin } from "../common/node_process.ts";
import { overThread, type Thread } from "../common/thread.ts";
import { isRefusal, startWithInherited } from "./exec_arguments.ts";

interface WorkerThreads {
  Worker: new (program: URL, options: object) => Thread;
}

/**
 * What a thread runs first, as a module: one that is started from a text (`eval`) never loads what `--import` names. Node 20 reads no
 * TypeScript, and a thread does not inherit what taught its parent to: it has to be taught anew, before anything else is loaded; both for
 * `import` and for `require`, because a `.ts` file of a project without `"type": "module"` is CommonJS. Arguments stand behind a program,
 * which a thread has only by that name: the module's own would make it think that it was the main one.
 */
const firstSteps = new URL(`data:text/javascript,${
  encodeURIComponent(`
const { workerData } = process.getBuiltinModule("node:worker_threads");
process.argv.splice(1, 0, "[worker eval]");
const { entry, loader } = workerData;
for (const module of loader ?? []) (await import(module)).register();
await import(entry);
`)
}`);

/** `HostThreads.spawn` over `worker_threads`. */
export function spawnThread(entry: URL, options: HostWorkerOptions): HostWorker {
  const { Worker } = builtin<WorkerThreads>("node:worker_threads");
  const workerData = { entry: entry.href, loader: typeScriptLoader(entry, options.loads ?? entry) };
  const start = (execArgv: string[]): Thread => {
    // Without a prototype: whatever has been put into Object.prototype is no option of a thread.
    const settings: object = Object.create(null);
    const { name } = options;
    return new Worker(firstSteps, Object.assign(settings, { name, workerData }, options.thread, { execArgv }));
  };
  return overThread(startWith(options.thread?.execArgv, start), options);
}

function startWith(execArgv: string[] | undefined, start: (execArgv: string[]) => Thread): Thread {
  if (execArgv === undefined) return startWithInherited(start);
  try {
    return start(execArgv);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const flags = error.message.slice(error.message.indexOf(": ") + 2);
    const refusal = new TypeError(`Node accepts some flags for a whole process only, and not in execArgv: ${flags}`);
    throw Object.assign(refusal, { code: "ERR_WORKER_INVALID_EXEC_ARGV" });
  }
}

interface NodeProcess {
  readonly features: { readonly typescript?: unknown };
  readonly execArgv: readonly string[];
  readonly version: string;
  cwd(): string;
}

/**
 * The modules that teach Node to read TypeScript, where they are needed on a Node that cannot: for `.ts` files, and for whatever these
 * threads load where the process itself was taught by a flag.
 */
function typeScriptLoader(...modules: URL[]): string[] | undefined {
  const { process } = globalThis as unknown as { process: NodeProcess };
  if (process.features.typescript) return undefined;
  const isNeeded = modules.some((module) => /\.[mc]?tsx?$/.test(module.pathname));
  if (!isNeeded && !process.execArgv.some((flag) => /\btsx\b/.test(flag))) return undefined;
  const { createRequire } = builtin<{ createRequire(from: URL): { resolve(name: string): string } }>("node:module");
  const { pathToFileURL } = builtin<{ pathToFileURL(path: string): URL }>("node:url");
  for (const module of [...modules, pathToFileURL(`${process.cwd()}/`)]) {
    try {
      const { resolve } = createRequire(module);
      // The form for import: the one for require, which is found here, loses its way in a thread.
      return ["tsx/esm/api", "tsx/cjs/api"].map((name) => pathToFileURL(resolve(name).replace(/\.cjs$/, ".mjs")).href);
    } catch {
      // Not installed beside this module; perhaps beside the other one.
    }
  }
  if (!isNeeded) return undefined;
  throw new Error(
    `This Node (${process.version}) cannot load the worker module ${
      modules.at(-1)!.href
    }: install tsx, or use Node 22.18 or later`,
  );
}
