/**
 * A program and all that it has started, as far as that stays in its process group.
 *
 * @module
 */

import { builtin, onProcessEnd } from "../hosts/common/node_process.ts";

/** The groups of which somebody may be left: they end with this process, however that ends by itself. */
const open = new Set<ProcessGroup>();
let leave: (() => void) | undefined;

function killAll(): void {
  for (const group of open) group.signal("SIGKILL");
}

interface NodeKill {
  kill(pid: number, signal: string | number): void;
}

interface NodeProcFiles {
  readdir(path: string): Promise<string[]>;
  readFile(path: string, encoding: "utf8"): Promise<string>;
}

/** The processes of a group. */
export class ProcessGroup {
  readonly #id: number;
  #isClosed = false;

  /** Begins with the leader, whose number is that of the group. */
  constructor(id: number) {
    this.#id = id;
    open.add(this);
    leave ??= onProcessEnd(killAll);
  }

  /** Sends a signal to all of them. */
  signal(name: "SIGTERM" | "SIGCONT" | "SIGKILL"): void {
    this.#send(name);
  }

  /** Is anybody there, if only one that has ended and that its parent has not asked for? */
  get isLeft(): boolean {
    this.#send(0);
    return !this.#isClosed;
  }

  #send(signal: string | number): void {
    if (this.#isClosed) return;
    try {
      (globalThis as unknown as { process: NodeKill }).process.kill(-this.#id, signal);
    } catch (error) {
      // The number is free, and may be that of strangers from now on. Other errors are of those whom one may not signal.
      if ((error as { code?: string }).code === "ESRCH") this.close();
    }
  }

  /** Nothing is sent any more, nor at the end of this process. */
  close(): void {
    this.#isClosed = true;
    open.delete(this);
    if (open.size > 0) return;
    leave?.();
    leave = undefined;
  }

  /**
   * Have all of them ended, and wait only for a parent to ask? The first process of a container may take its time, or never ask. Where the
   * system does not tell, the answer is no.
   */
  async hasEnded(): Promise<boolean> {
    const { readdir, readFile } = builtin<NodeProcFiles>("node:fs/promises");
    try {
      const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
      // What is left running is among the youngest, most likely.
      for (const id of ids.sort((a, b) => Number(b) - Number(a))) {
        const [state, , group] = await readFile(`/proc/${id}/stat`, "utf8").then(fieldsOf, () => []);
        if (Number(group) === this.#id && state !== "Z" && state !== "X") return false;
      }
      return ids.length > 0;
    } catch {
      return false;
    }
  }
}

/** State, parent and group; before them is the name of the program, which may have anything in it. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ", 3);
}
