/**
 * Tasks that have not ended, and what they wait for.
 *
 * @module
 */

import type { TaskInfo } from "../../inspection/task_tree.ts";

interface Unfinished {
  readonly name: string;
  readonly line: string;
  readonly blockedBy: readonly string[];
}

/** The unfinished tasks of the simulation, by their path, with what each waits for and who has it. */
export function unfinished(roots: readonly TaskInfo[]): readonly Unfinished[] {
  const found: Unfinished[] = [];
  function look(infos: readonly TaskInfo[], path: string): void {
    for (const info of infos) {
      const { name, waitingFor, blockedBy, children, kind } = info;
      const own = path === "" ? name : `${path} > ${name}`;
      if (kind === "task" || children.length === 0) {
        const holders = blockedBy.filter((holder) => holder !== waitingFor);
        const held = holders.length === 0 ? "" : ` held by ${holders.join(" and ")}`;
        found.push({
          name,
          blockedBy,
          line: waitingFor === undefined ? own : `${own}, waiting for ${waitingFor}${held}`,
        });
      }
      look(children, own);
    }
  }
  look(roots, "");
  return found;
}
