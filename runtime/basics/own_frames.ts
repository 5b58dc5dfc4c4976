/**
 * Whose a line of a stack is: the library's own, the host's, or the user's.
 *
 * The library knows its own frames by where it lies: its root is the folder that holds `runtime/`. That is found out when it is first
 * asked for, and not when this module is imported: some bundles have no `import.meta.url`.
 *
 * In a bundle the library's code and the user's are in one file, and names tell nothing once it is minified. There no frame is taken for
 * the library's own: a stack then has frames too many, but lacks none. Nobody can be named as the caller, for which none is
 * better than a wrong one. Only where the frames of a bundle are mapped to its sources are those of the package known, by its name.
 *
 * @module
 */

/** Where this module lies below the library's root. */
const below = /^(.*\/)runtime\/basics\/own_frames\.([cm]?[jt]s)(?:[?#].*)?$/;

/** What of the root is the library's: its floors, and the modules that users import. Tests and examples lie there too. */
const parts = /(?:runtime|scheduler|io)\/|(?:mod|worker|testing)\.[cm]?[jt]s(?![\w.])/y;

/** The root of the package, or of a version of it, where that is all that can be known. */
const packageRoot = /\/@millrace\/millrace\/(?:\d[^/]*\/)?/;

/** A line that has a place in a file, and one whose file is a module of the host. */
const position = /:\d+:\d+\)?$/;
const hostModule = /(?:^|[\s(@])(?:node|ext|native|internal|bun):/;

/** The beginning of a frame on V8 and Bun; and the name of the function, which stands before the place on other engines. */
const at = "    at ";
const name = /^(?:[^@:/][^@:]*)?@$/;

/** Tells frames apart for a library whose module of this name has a URL; for the library itself the functions below do. */
export class OwnFrames {
  /** Are the library's modules part of a bundle? */
  readonly #isBundled: boolean;
  /** The path of the root, in each way in which a stack may write it. */
  readonly #roots: readonly string[];

  constructor(url: string | undefined) {
    const [, root] = below.exec(slashed(url ?? "")) ?? [];
    this.#roots = root === undefined ? [] : spellingsOf(root);
    this.#isBundled = root === undefined;
  }

  /** See `isOwnFrame`. */
  isOwn(line: string): boolean {
    const text = slashed(line);
    for (const root of this.#roots) {
      for (let index = text.indexOf(root); index >= 0; index = text.indexOf(root, index + 1)) {
        if (isPlace(text, index) && isPart(text, index + root.length)) return true;
      }
    }
    if (!this.#isBundled) return false;
    const found = packageRoot.exec(text);
    return found !== null && isPart(text, found.index + found[0].length);
  }

  /** See `isUserFrame`. */
  isUsers(line: string): boolean {
    return position.test(line) && !hostModule.test(line) && !this.isOwn(line);
  }

  /** See `callerIn`. */
  callerIn(stack: string | undefined): string | undefined {
    const frames = (stack ?? "").split("\n").filter((line) => position.test(line) && !hostModule.test(line));
    if (frames[0] === undefined || !this.isOwn(frames[0])) return undefined;
    return frames.find((line) => !this.isOwn(line))?.trim().replace(/^at /, "");
  }
}

let here: OwnFrames | undefined;

function ownFrames(): OwnFrames {
  return here ??= new OwnFrames(import.meta.url);
}

/** Is a line of a stack a frame of the library's own code? In a bundle none is. */
export function isOwnFrame(line: string): boolean {
  return ownFrames().isOwn(line);
}

/** Is a line of a stack a frame of the user's code, and neither the library's nor the host's? */
export function isUserFrame(line: string): boolean {
  return ownFrames().isUsers(line);
}

/**
 * The place in the user's code from which the library was called that has made an error with this stack, as a line of a stack without
 * its `at`. There is none where the stack does not begin in the library, as far as that can be told.
 */
export function callerIn(stack: string | undefined): string | undefined {
  return ownFrames().callerIn(stack);
}

/**
 * The ways to write a folder that is given as a URL: Node and Deno write that, encoded or not, and Bun the path of a file. A drive has a
 * letter in either case.
 */
function spellingsOf(root: string): string[] {
  const path = root.replace(/^file:(?:\/\/(?=\/))?/, "").replace(/^\/(?=[a-z]:\/)/i, "");
  const paths = [path, slashed(decoded(path))];
  if (/^[a-z]:\//i.test(path)) {
    paths.push(
      ...paths.flatMap((each) =>
        [each[0]!.toLowerCase(), each[0]!.toUpperCase()].map((letter) => letter + each.slice(1))
      ),
    );
  }
  return [...new Set(paths)];
}

/** Is what begins here the place of a frame, and not a part of another path? `file://` may come before it. */
function isPlace(line: string, index: number): boolean {
  let start = index;
  while (line[start - 1] === "/") start--;
  if (line.startsWith("file:", start - 5)) start -= 5;
  else if (start < index) return false;
  if (start === 0) return true;
  const sign = line[start - 1];
  return line.startsWith(at) ? sign === "(" || sign === " " : sign === "@" && name.test(line.slice(0, start));
}

/** Does the name of one of the library's parts stand here? */
function isPart(line: string, index: number): boolean {
  parts.lastIndex = index;
  return parts.test(line);
}

function slashed(text: string): string {
  return text.includes("\\") ? text.replaceAll("\\", "/") : text;
}

/** A text without the signs that a URL encodes; those that are no such sign stay. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => {
    try {
      return decodeURIComponent(bytes);
    } catch {
      return bytes;
    }
  });
}
