/**
 * What may be on a disk after a loss of power, written down as plainly as can be: lists of what was done, and all subsets of them.
 *
 * @module
 */

/** A file, whatever its names. */
interface ModelFile {
  durable: string;
  pending: ((content: string) => string)[];
}

/** What one operation does to names, all at once. */
interface NameChange {
  readonly names: ReadonlyMap<string, ModelFile | undefined>;
}

type Names = ReadonlyMap<string, ModelFile>;

/** Two folders, which are there from the beginning, with files in them. */
export class DiskModel {
  /** What the kernel shows. */
  readonly #shown = new Map<string, ModelFile>();
  #durable: Names = new Map();
  #pending: NameChange[] = [];

  has(path: string): boolean {
    return this.#shown.has(path);
  }

  /** What a reader sees of a file. */
  content(path: string): string | undefined {
    const file = this.#shown.get(path);
    return file && shownContent(file);
  }

  /** Opens a file to be written, which makes it or empties it. */
  create(path: string): void {
    const file = this.#shown.get(path);
    if (file === undefined) this.#change(new Map([[path, { durable: "", pending: [] }]]));
    else if (shownContent(file) !== "") file.pending.push(() => "");
  }

  write(path: string, at: number, text: string): void {
    this.#shown.get(path)!.pending.push((content) => {
      const before = content.slice(0, at).padEnd(at, "\0");
      return before + text + content.slice(at + text.length);
    });
  }

  truncate(path: string, size: number): void {
    const file = this.#shown.get(path)!;
    if (shownContent(file).length !== size) file.pending.push((content) => content.slice(0, size).padEnd(size, "\0"));
  }

  unlink(path: string): void {
    this.#change(new Map([[path, undefined]]));
  }

  rename(from: string, to: string): void {
    if (from !== to) this.#change(new Map([[from, undefined], [to, this.#shown.get(from)]]));
  }

  syncFile(path: string): void {
    const file = this.#shown.get(path)!;
    file.durable = shownContent(file);
    file.pending = [];
  }

  /** What was done in the folder is durable, and all before it that concerns the same names, and so on. */
  syncFolder(folder: string): void {
    const needed = new Set(
      this.#pending.filter(({ names }) => [...names.keys()].some((name) => name.startsWith(folder))),
    );
    for (let size = -1; size !== needed.size;) {
      size = needed.size;
      for (const [index, change] of this.#pending.entries()) {
        if (!needed.has(change)) continue;
        for (const earlier of this.#pending.slice(0, index)) if (shareNames(earlier, change)) needed.add(earlier);
      }
    }
    this.#durable = applied(this.#durable, this.#pending.filter((change) => needed.has(change)));
    this.#pending = this.#pending.filter((change) => !needed.has(change));
  }

  /** May a loss of power leave these files with these contents? From then on that is what there is. */
  allows(found: Readonly<Record<string, string>>): boolean {
    for (const kept of subsets(this.#pending)) {
      if (!isClosed(kept, this.#pending)) continue;
      const names = applied(this.#durable, kept);
      if (names.size !== Object.keys(found).length) continue;
      const fits = [...names].every(([path, file]) => {
        const content = found[path];
        return content !== undefined &&
          subsets(file.pending).some((pending) => shownContent(file, pending) === content);
      });
      if (!fits) continue;
      this.#restart(found);
      return true;
    }
    return false;
  }

  #restart(found: Readonly<Record<string, string>>): void {
    this.#pending = [];
    this.#shown.clear();
    for (const [path, content] of Object.entries(found)) this.#shown.set(path, { durable: content, pending: [] });
    this.#durable = new Map(this.#shown);
  }

  #change(names: NameChange["names"]): void {
    for (const [name, file] of names) {
      if (file === undefined) this.#shown.delete(name);
      else this.#shown.set(name, file);
    }
    this.#pending.push({ names });
  }
}

function shownContent(file: ModelFile, pending: ModelFile["pending"] = file.pending): string {
  return pending.reduce((content, change) => change(content), file.durable);
}

function applied(names: Names, changes: readonly NameChange[]): Names {
  const result = new Map(names);
  for (const change of changes) {
    for (const [name, file] of change.names) {
      if (file === undefined) result.delete(name);
      else result.set(name, file);
    }
  }
  return result;
}

function shareNames(one: NameChange, other: NameChange): boolean {
  return [...one.names.keys()].some((name) => other.names.has(name));
}

/** Is with each change all there that came before and concerns the same names? */
function isClosed(kept: readonly NameChange[], all: readonly NameChange[]): boolean {
  return kept.every((change) => {
    const before = all.slice(0, all.indexOf(change));
    return before.every((earlier) => kept.includes(earlier) || !shareNames(earlier, change));
  });
}

function subsets<T>(items: readonly T[]): T[][] {
  return items.reduce<T[][]>((found, item) => [...found, ...found.map((others) => [...others, item])], [[]]);
}
