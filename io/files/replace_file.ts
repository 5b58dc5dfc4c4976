/**
 * A file put whole in the place of another.
 *
 * ```
 *   links followed ──> a part beside the target, nobody else's to read ──> owner, mode ──> content, on the disk ──> in its place,
 *                                                                                          the folder on the disk
 * ```
 *
 * @module
 */

import {
  type FileHandle,
  type FileStat,
  isAbsolutePath,
  joinPath,
  type NodeFiles,
  splitPath,
  uniqueName,
} from "../../runtime/system/files.ts";

/** As many as Linux follows. */
const mostLinks = 40;
/** A name has at most 255 bytes, of which a part's own end takes 42. */
const mostKept = 200;

/** Writes a part by `write`, and puts it in the place of what is at `path`; after a failure nothing has changed. */
export async function replaceFile(
  files: NodeFiles,
  path: string,
  mode: number,
  write: (part: FileHandle) => Promise<void>,
): Promise<void> {
  const target = await lastTarget(files, path);
  const old = await replaceable(files, path, target);
  const { folder, name } = splitPath(target);
  const part = joinPath(folder, partName(name));
  // What the old one keeps from others is in nobody's reach while it is written.
  const file = await files.open(part, "wx", old === undefined ? mode : 0o600);
  try {
    try {
      if (old !== undefined) await takeAfter(file, old);
      await write(file);
    } finally {
      await file.close();
    }
    await files.rename(part, target);
  } catch (error) {
    await files.rm(part, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(files, folder);
}

/** Where a path leads, also where nothing is there yet; only the last part of it is followed, the system follows the others. */
async function lastTarget(files: NodeFiles, path: string): Promise<string> {
  for (let at = path, links = 0;; links++) {
    const found = await files.lstat(at).catch(unlessMissing);
    if (!found?.isSymbolicLink()) return at;
    if (links === mostLinks) throw failure("ELOOP", `${path} leads through more than ${mostLinks} links`);
    const to = await files.readlink(at);
    at = isAbsolutePath(to) ? to : joinPath(splitPath(at).folder, to);
  }
}

/** What is to be replaced, if anything is there; refuses what is no file. */
async function replaceable(files: NodeFiles, path: string, target: string): Promise<FileStat | undefined> {
  const old = await files.stat(path).catch(unlessMissing);
  const found = await files.lstat(target).catch(unlessMissing);
  if (old?.isDirectory()) throw failure("EISDIR", `${path} is a folder`);
  if (old !== undefined && !old.isFile()) {
    throw failure(
      "EINVAL",
      `${path} is no file but a pipe, a socket or a device, which can only be written without atomic`,
    );
  }
  // Somebody has exchanged it, or it is one of the system's links that are no paths.
  if (found?.ino !== old?.ino || found?.dev !== old?.dev) {
    throw failure("EINVAL", `${path} leads to no path that holds`);
  }
  return old;
}

/** The owner, as far as one may give a file away, then the permissions: for another owner those of his would be a gift. */
async function takeAfter(file: FileHandle, old: FileStat): Promise<void> {
  const isKept = await file.chown(old.uid, old.gid).then(() => true, () => false);
  const ofGroup = isKept || await file.chown(-1, old.gid).then(() => true, () => false);
  await file.chmod(old.mode & (isKept ? 0o7777 : 0o777) & (ofGroup ? 0o7777 : 0o707));
}

/** The name of a part: what it is a part of, as far as there is room, and what nobody else has. */
function partName(name: string): string {
  const bytes = new TextEncoder().encode(name);
  const kept = bytes.byteLength <= mostKept
    ? name
    : new TextDecoder().decode(bytes.subarray(0, mostKept), { stream: true });
  return `${kept}.${uniqueName()}.part`;
}

/** Without this a crash of the machine could bring the old one back. */
async function syncFolder(files: NodeFiles, folder: string): Promise<void> {
  try {
    const handle = await files.open(folder);
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    // Some systems cannot, and some folders may not be opened; what the disk says is an error.
    if (codeOf(error) === "EIO" || codeOf(error) === "ENOSPC") throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) !== "ENOENT") throw error;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
