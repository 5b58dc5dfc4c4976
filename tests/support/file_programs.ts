/**
 * Random programs of calls on files, and what comes of each call.
 *
 * @module
 */

import type * as fs from "node:fs";
import fc from "fast-check";

/** One call: its name and what it is given; paths are below the folder of the program. */
export type FileStep = readonly [string, ...(string | number | boolean)[]];

const plainPath = fc.constantFrom("/a", "/b", "/a/a", "/a/b", "/b/a", "/a/b/a");
const oddPath = fc.constantFrom("/a/", "/a/../b", "/a/.", "/b//a", "/b/a/");
const text = fc.constantFrom("", "x", "text", "longer text");
const flag = fc.constantFrom("r", "r+", "w", "w+", "wx", "a", "a+", "ax", "as");
const size = fc.nat(6);
const file = fc.nat(1);
const position = fc.integer({ min: -1, max: 5 });

/** What a program may do; some of the paths are odd, if that is wanted. */
export function fileSteps(odd: boolean): fc.Arbitrary<FileStep> {
  const path = odd ? fc.oneof({ weight: 6, arbitrary: plainPath }, { weight: 1, arbitrary: oddPath }) : plainPath;
  return fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant("writeFile"), path, text, fc.constantFrom("w", "wx", "a", "r+")) },
    fc.tuple(fc.constant("appendFile"), path, text),
    fc.tuple(fc.constant("readFile"), path),
    { weight: 3, arbitrary: fc.tuple(fc.constant("mkdir"), path, fc.boolean()) },
    fc.tuple(fc.constant("rmdir"), path),
    fc.tuple(fc.constant("unlink"), path),
    fc.tuple(fc.constant("rm"), path, fc.boolean(), fc.boolean()),
    { weight: 3, arbitrary: fc.tuple(fc.constant("rename"), path, path) },
    fc.tuple(fc.constant("link"), path, path),
    fc.tuple(fc.constant("symlink"), fc.constantFrom("a", "b", "../b", "./a/b", "no", "a/"), path),
    fc.tuple(fc.constant("readlink"), path),
    fc.tuple(fc.constant("realpath"), path),
    fc.tuple(fc.constant("readdir"), path),
    fc.tuple(fc.constant("stat"), path),
    fc.tuple(fc.constant("lstat"), path),
    fc.tuple(fc.constant("access"), path),
    fc.tuple(fc.constant("truncate"), path, size),
    fc.tuple(fc.constant("copyFile"), path, path, fc.boolean()),
    fc.tuple(fc.constant("chmod"), path, fc.constantFrom(0o600, 0o644)),
    { weight: 3, arbitrary: fc.tuple(fc.constant("open"), path, flag) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("write"), file, text, position) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("read"), file, size, position) },
    fc.tuple(fc.constant("truncateOpen"), file, size),
    fc.tuple(fc.constant("statOpen"), file),
    fc.tuple(fc.constant("readOpen"), file),
    fc.tuple(fc.constant("sync"), file),
    fc.tuple(fc.constant("close"), file),
  );
}

/** Does the calls of a program one after the other, and answers what comes of each. */
export async function runFileProgram(
  files: typeof fs,
  folder: string,
  steps: readonly FileStep[],
): Promise<readonly string[]> {
  const open: (fs.promises.FileHandle | undefined)[] = [undefined, undefined];
  const results: string[] = [];
  for (const step of steps) {
    let result: string;
    try {
      result = show(await take(files, folder, open, step), folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A defect of the test itself has none.
      if (code === undefined) throw error;
      result = code;
    }
    results.push(`${step.join(" ")}: ${result}`);
  }
  for (const handle of open) await handle?.close();
  return results;
}

function show(result: unknown, folder: string): string {
  return JSON.stringify(result ?? "done").replaceAll(folder, "");
}

function shape(stat: fs.Stats): object {
  const kind = stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "link";
  // Of folders each system tells a size of its own.
  return kind === "folder" ? { kind } : { kind, size: stat.size, links: stat.nlink, mode: stat.mode.toString(8) };
}

async function take(
  { promises, constants }: typeof fs,
  folder: string,
  open: (fs.promises.FileHandle | undefined)[],
  [name, ...args]: FileStep,
): Promise<unknown> {
  const [first, second, third] = args as [never, never, never];
  const [at, to] = [`${folder}${first}`, `${folder}${second}`];
  const handle = typeof first === "number" ? open[first] : undefined;
  switch (name) {
    case "writeFile":
      return await promises.writeFile(at, second, { flag: third });
    case "appendFile":
      return await promises.appendFile(at, second);
    case "readFile":
      return await promises.readFile(at, "utf8");
    case "mkdir":
      return await promises.mkdir(at, { recursive: second }).then(() => undefined);
    case "rmdir":
      return await promises.rmdir(at);
    case "unlink":
      return await promises.unlink(at);
    case "rm":
      return await promises.rm(at, { recursive: second, force: third });
    case "rename":
      return await promises.rename(at, to);
    case "link":
      return await promises.link(at, to);
    case "symlink":
      return await promises.symlink(first, to);
    case "readlink":
      return await promises.readlink(at);
    case "realpath":
      return await promises.realpath(at);
    case "readdir":
      return (await promises.readdir(at)).sort();
    case "stat":
      return shape(await promises.stat(at));
    case "lstat":
      return shape(await promises.lstat(at));
    case "access":
      return await promises.access(at);
    case "truncate":
      return await promises.truncate(at, second);
    case "copyFile":
      return await promises.copyFile(at, to, third ? constants.COPYFILE_EXCL : 0);
    case "chmod":
      return await promises.chmod(at, second);
    case "open": {
      const slot = open.findIndex((file) => file === undefined);
      if (slot === -1) return "no slot";
      open[slot] = await promises.open(at, second);
      return undefined;
    }
    case "write":
      return (await handle?.write(second, third < 0 ? null : third))?.bytesWritten;
    case "read": {
      const found = await handle?.read(new Uint8Array(second), 0, second, third < 0 ? null : third);
      return found && new TextDecoder().decode(found.buffer.subarray(0, found.bytesRead));
    }
    case "truncateOpen":
      return await handle?.truncate(second);
    case "statOpen":
      return handle && shape(await handle.stat());
    case "readOpen":
      return handle && await handle.readFile("utf8");
    case "sync":
      return await handle?.sync();
    case "close":
      open[first] = undefined;
      return await handle?.close();
  }
  throw new Error(`no step is called ${name}`);
}

/** Is it a step in which a host does otherwise than the system it is on? */
type Quirk = (step: FileStep, program: readonly FileStep[]) => boolean;

const hasLinks = (program: readonly FileStep[]): boolean => program.some(([name]) => name === "symlink");

const makesAlongLinks: Quirk = ([name, , isRecursive], program) =>
  name === "mkdir" && isRecursive === true && hasLinks(program);

/** What is left out on a host, where the simulated disk does as Linux and Node do. */
const quirks: Readonly<Record<string, Readonly<Record<string, Quirk>>>> = {
  deno: {
    "unlink removes an empty folder": ([name]) => name === "unlink",
    "copyFile has another code for a folder": ([name]) => name === "copyFile",
    "a write of nothing is not asked of the system": ([name, , text]) => name === "write" && text === "",
    "mkdir with recursive has other codes where links lead nowhere": makesAlongLinks,
    "access does not follow links": ([name], program) => name === "access" && hasLinks(program),
  },
  bun: {
    "copyFile has another code for a folder": ([name]) => name === "copyFile",
    "rm has another code for what is below a file": ([name]) => name === "rm",
    "mkdir with recursive has other codes where links lead nowhere": makesAlongLinks,
  },
};

/** The steps of a program whose outcome does not depend on the host. */
export function withoutQuirks(host: string, program: readonly FileStep[]): readonly FileStep[] {
  const found = Object.values(quirks[host] ?? {});
  return program.filter((step) => !found.some((quirk) => quirk(step, program)));
}
