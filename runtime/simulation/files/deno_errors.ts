/**
 * What Deno's own functions say of a call that fails.
 *
 * @module
 */

import { type Code, FileError } from "../disk/errors.ts";

/** How Deno calls a code, and what the system says of it. */
const names: Readonly<Record<Code, readonly [string, string]>> = {
  EPERM: ["PermissionDenied", "Operation not permitted"],
  ENOENT: ["NotFound", "No such file or directory"],
  EIO: ["Error", "Input/output error"],
  EBADF: ["BadResource", "Bad resource ID"],
  EACCES: ["PermissionDenied", "Permission denied"],
  EBUSY: ["Busy", "Device or resource busy"],
  EEXIST: ["AlreadyExists", "File exists"],
  ENOTDIR: ["NotADirectory", "Not a directory"],
  EISDIR: ["IsADirectory", "Is a directory"],
  EINVAL: ["Error", "Invalid argument"],
  ENOSPC: ["Error", "No space left on device"],
  ENAMETOOLONG: ["Error", "File name too long"],
  ENOTEMPTY: ["Error", "Directory not empty"],
  ELOOP: ["FilesystemLoop", "Too many levels of symbolic links"],
};

type ErrorClass = new (message: string) => Error;

/** The same error as Deno's functions throw it. */
export function denoError(error: unknown): unknown {
  if (!(error instanceof FileError)) return error;
  const { code, errno, syscall, path, dest } = error;
  const [name, text] = names[code];
  const { Deno } = globalThis as unknown as { Deno?: { errors: Record<string, ErrorClass> } };
  const Class = Deno?.errors[name] ?? Error;
  const where = path === undefined ? "" : `: ${syscall} '${path}'${dest === undefined ? "" : ` -> '${dest}'`}`;
  const message = code === "EBADF" ? text : `${text} (os error ${-errno})${where}`;
  return Object.assign(new Class(message), { code });
}
