/**
 * What a system says of a call that fails, as Node tells it.
 *
 * @module
 */

/** What went wrong, by its code. */
export type Code = keyof typeof causes;

/** A call, as its error names it. */
export interface Call {
  readonly syscall: string;
  readonly path?: string | undefined;
  readonly dest?: string | undefined;
}

/** The numbers are those of Linux. */
const causes = {
  EPERM: [1, "operation not permitted"],
  ENOENT: [2, "no such file or directory"],
  EIO: [5, "i/o error"],
  EBADF: [9, "bad file descriptor"],
  EACCES: [13, "permission denied"],
  EBUSY: [16, "resource busy or locked"],
  EEXIST: [17, "file already exists"],
  ENOTDIR: [20, "not a directory"],
  EISDIR: [21, "illegal operation on a directory"],
  EINVAL: [22, "invalid argument"],
  ENOSPC: [28, "no space left on device"],
  ENAMETOOLONG: [36, "name too long"],
  ENOTEMPTY: [39, "directory not empty"],
  ELOOP: [40, "too many symbolic links encountered"],
} as const;

/** The error of a call. */
export class FileError extends Error {
  readonly errno: number;
  readonly code: Code;
  readonly syscall: string;
  declare readonly path?: string;
  declare readonly dest?: string;

  constructor(code: Code, { syscall, path, dest }: Call) {
    const [number, text] = causes[code];
    const where = path === undefined ? "" : ` '${path}'${dest === undefined ? "" : ` -> '${dest}'`}`;
    super(`${code}: ${text}, ${syscall}${where}`);
    this.errno = -number;
    this.code = code;
    this.syscall = syscall;
    if (path !== undefined) this.path = path;
    if (dest !== undefined) this.dest = dest;
  }
}
Object.defineProperty(FileError.prototype, "name", { value: "Error", configurable: true, writable: true });

/** An argument that no call takes. */
export function argumentError(name: string, value: unknown): TypeError {
  const error = new TypeError(`The "${name}" argument is not what this call takes. Received ${typeof value}`);
  return Object.assign(error, { code: "ERR_INVALID_ARG_TYPE" });
}

/** A signal has been aborted. */
export function abortError(reason: unknown): Error {
  const error = new Error("The operation was aborted", { cause: reason });
  error.name = "AbortError";
  return Object.assign(error, { code: "ABORT_ERR" });
}
