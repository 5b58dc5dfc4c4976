/** The old tree of `--against`: a folder that is there, or a revision in a temporary worktree of git. */

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { root } from "../tests/support/hosts.ts";

/** What the one who asked has got wrong. */
export class BadRequest extends Error {}

/** A tree of the repository. */
export interface Tree {
  readonly folder: string;
  /** What it is, for people. */
  readonly name: string;
  /** What there is to be said of it. */
  readonly notes: readonly string[];
  /** Takes it away, if it was made for this. */
  remove(): void;
}

/** The tree of a revision, or else of a folder. */
export function treeOf(reference: string): Tree {
  const found = git("rev-parse", "--verify", "--quiet", "--end-of-options", `${reference}^{commit}`);
  if (found.status === 0) return checkOut(reference, found.stdout.trim());
  const folder = resolve(reference);
  if (!existsSync(join(folder, "bench/run.ts"))) {
    throw new BadRequest(`${reference} is no revision of this repository, and no folder with a bench/run.ts`);
  }
  if (!existsSync(join(folder, "node_modules"))) {
    throw new BadRequest(`${folder} has no node_modules: run npm ci there`);
  }
  return { folder, name: folder, notes: [], remove() {} };
}

function checkOut(reference: string, commit: string): Tree {
  const holder = mkdtempSync(join(tmpdir(), "millrace-against-"));
  const folder = join(holder, "tree");
  const modules = join(folder, "node_modules");
  function remove(): void {
    // The link first: nothing that removes folders is to come near what it leads to.
    rmSync(modules, { force: true });
    git("worktree", "remove", "--force", folder);
    rmSync(holder, { recursive: true, force: true });
  }
  try {
    const added = git("worktree", "add", "--detach", folder, commit);
    if (added.status !== 0) throw new BadRequest(`${reference} cannot be checked out: ${added.stderr.trim()}`);
    if (!existsSync(join(folder, "bench/run.ts"))) throw new BadRequest(`${reference} has no bench/run.ts`);
    symlinkSync(join(root, "node_modules"), modules, "junction");
    const lock = "package-lock.json";
    const isLocked = readFileSync(join(root, lock), "utf8") === readFileSync(join(folder, lock), "utf8");
    const notes = isLocked
      ? []
      : [`${reference} has another ${lock}: both trees run with the node_modules of this one`];
    // Two ways of measuring would differ more than two trees.
    if (asksForSides(folder)) copyFileSync(join(root, "bench/harness.ts"), join(folder, "bench/harness.ts"));
    return { folder, name: `${reference} (${commit.slice(0, 7)})`, notes, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Do the benches of a tree know what a side is? Older ones do not, and then neither tree is asked for one, so that both do the same. */
export function asksForSides(folder: string): boolean {
  return readFileSync(join(folder, "bench/run.ts"), "utf8").includes("side: {");
}

function git(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr, error } = spawnSync("git", ["-C", root, ...args], { encoding: "utf8" });
  if (error !== undefined) throw new BadRequest(`git cannot be run: ${error.message}`);
  return { status, stdout, stderr };
}
