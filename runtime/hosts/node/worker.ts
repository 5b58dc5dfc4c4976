import type { HostWorker, HostWorkerOptions } from "../../port/worker.ts";
import { builtin } from "../common/node_process.ts";
import { overThread, type Thread } from "../common/thread.ts";

interface WorkerThreads {
  Worker: new (source: string, options: object) => Thread;
}

/**
 * What a thread runs first. Node 20 reads no TypeScript, and a thread does not inherit what taught its parent to: it
 * has to be taught anew, before anything else is loaded; both for `import` and for `require`, because a `.ts` file of a project without
 * `"type": "module"` is CommonJS.
 */
const firstSteps = `
const { entry, loader } = require("node:worker_threads").workerData;
(async () => {
  for (const module of loader ?? []) (await import(module)).register();
  await import(entry);
})();
`;

/** `Host.spawnWorker` over `worker_threads`. */
export function spawnThread(entry: URL, options: HostWorkerOptions): HostWorker {
  const { Worker } = builtin<WorkerThreads>("node:worker_threads");
  const workerData = { entry: entry.href, loader: typeScriptLoader(entry, options.loads ?? entry) };
  const start = (execArgv: string[]): Thread => {
    // Without a prototype: whatever has been put into Object.prototype is no option of a thread.
    const settings: object = Object.create(null);
    const { name } = options;
    return new Worker(firstSteps, Object.assign(settings, { eval: true, name, workerData, execArgv }, options.thread));
  };
  let thread: Thread;
  try {
    thread = start(inheritedArguments());
  } catch (error) {
    const isOurs = options.thread?.execArgv === undefined;
    if (!isOurs || (error as { code?: string }).code !== "ERR_WORKER_INVALID_EXEC_ARGV") throw error;
    // Flags of the whole process, such as --expose-gc, are in force in the thread without being passed on.
    thread = start(inheritedArguments().filter(isAboutModules));
  }
  return overThread(thread, options);
}

/** The process's own flags, less those that say where its program comes from: a thread would die of them. */
function inheritedArguments(): string[] {
  const { execArgv } = (globalThis as unknown as { process: { execArgv: string[] } }).process;
  const kept: string[] = [];
  for (let index = 0; index < execArgv.length; index++) {
    const flag = execArgv[index]!;
    if (/^(-e|-p|-pe|-c|-i|--eval|--print|--check|--interactive)$/.test(flag)) index++;
    else if (!/^--(input-type|eval|print|test|watch)/.test(flag)) kept.push(flag);
  }
  return kept;
}

function isAboutModules(flag: string): boolean {
  return /^--(import|require|loader|experimental-loader|conditions)=/.test(flag);
}

/** The modules that teach Node to read TypeScript, where they are needed: for `.ts` files on a Node that cannot. */
function typeScriptLoader(...modules: URL[]): string[] | undefined {
  const { features } = (globalThis as unknown as { process: { features: { typescript?: unknown } } }).process;
  if (features.typescript || !modules.some((module) => /\.[mc]?tsx?$/.test(module.pathname))) return undefined;
  const { createRequire } = builtin<{ createRequire(from: URL): { resolve(name: string): string } }>("node:module");
  const { pathToFileURL } = builtin<{ pathToFileURL(path: string): URL }>("node:url");
  for (const module of modules) {
    try {
      const { resolve } = createRequire(module);
      // The form for import: the one for require, which is found here, loses its way in a thread.
      return ["tsx/esm/api", "tsx/cjs/api"].map((name) => pathToFileURL(resolve(name).replace(/\.cjs$/, ".mjs")).href);
    } catch {
      // Not installed beside this module; perhaps beside the other one.
    }
  }
  throw new Error(
    `This Node (${globalThis.process.version}) cannot load the worker module ${
      modules.at(-1)!.href
    }: install tsx, or use Node 22.18 or later`,
  );
}
