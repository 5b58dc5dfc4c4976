/**
 * Who is told of changes on a disk.
 *
 * @module
 */

/** Is told that a name has come, gone or changed what it stands for, or that a file has changed; the name is below the path that is watched. */
export type WatchListener = (event: "rename" | "change", name: string) => void;

interface Watcher {
  readonly path: string;
  readonly recursive: boolean;
  readonly listener: WatchListener;
}

/** The watchers of a disk. */
export class Watchers {
  readonly #all = new Set<Watcher>();

  /** Watches a path from the root on, without links; the function it returns ends that. */
  add(path: string, recursive: boolean, listener: WatchListener): () => void {
    const watcher: Watcher = { path, recursive, listener };
    this.#all.add(watcher);
    return () => void this.#all.delete(watcher);
  }

  /** Something has happened to what is at a path. */
  tell(event: "rename" | "change", path: string): void {
    if (this.#all.size === 0) return;
    for (const watcher of [...this.#all]) {
      const name = nameBelow(watcher, path);
      if (name !== undefined) watcher.listener(event, name);
    }
  }

  closeAll(): void {
    this.#all.clear();
  }
}

function nameBelow({ path: watched, recursive }: Watcher, path: string): string | undefined {
  if (path === watched) return path.slice(path.lastIndexOf("/") + 1);
  const prefix = watched === "/" ? "/" : `${watched}/`;
  if (!path.startsWith(prefix)) return undefined;
  const name = path.slice(prefix.length);
  return recursive || !name.includes("/") ? name : undefined;
}
