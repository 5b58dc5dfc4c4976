/**
 * All that is alive, as the clients of an inspector look at it: counts for everything, and rows for what each of them sees.
 *
 * @module
 */

import { ageOf, type Parts, partsOf, stateOf, waitingFor } from "../../scheduler/inspection/task_parts.ts";
import type { TaskVisitor } from "../../scheduler/inspection/task_walk.ts";
import { findCycles } from "../../scheduler/inspection/wait_cycles.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { priorityOf } from "../../scheduler/queue/priority.ts";
import { GroupNode } from "../../scheduler/tasks/group_node.ts";
import { placeOf } from "../../scheduler/tasks/places.ts";
import type { TaskNode } from "../../scheduler/tasks/task_node.ts";
import { Numbering } from "./numbering.ts";
import { type Counts, type GroupRow, mostRows, type State, type TaskRow, type View } from "./protocol.ts";
import type { Watch } from "./watch.ts";

/** The most circles that are told. */
const mostCycles = 20;

/** The part of a state that one client sees of the tree. */
export type Seen = Pick<State, "total" | "groups" | "groupsMore" | "rows" | "rowsTotal" | "cycles">;

/** How many groups are gone through in one part. */
const perPart = 32;

type MutableCounts = { -readonly [state in keyof Counts]: number };

/** A group, as it is found. */
interface Note {
  readonly group: GroupNode;
  readonly id: number;
  readonly around: Note | undefined;
  readonly counts: MutableCounts;
  readonly inner: Note[];
  /** Which of the clients list its tasks. */
  readonly listedBy: readonly boolean[];
}

/** The rows of one client. */
interface Rows {
  readonly view: View;
  readonly search: string;
  readonly rows: { row: Omit<TaskRow, "inCycle">; node: TaskNode }[];
  total: number;
}

/** What a task waits for. */
interface TaskWait {
  readonly waits: Parts["waits"];
  readonly forGroup: GroupNode | undefined;
}

/** What is known of a task that a client sees. */
interface Seeing {
  readonly state: keyof Counts;
  readonly wait: TaskWait;
  readonly deadline: number;
  readonly blockedBy: readonly string[];
}

/** The numbers of groups, given out when they are first seen. */
const ids = new Numbering<GroupNode>();

/** One look at everything; to be walked with `walkTasks`. */
export class Picture implements TaskVisitor {
  readonly #watch: Watch;
  readonly #clients: readonly Rows[];
  readonly #notes: Map<GroupNode, Note> = new Map();
  readonly #top: Note[] = [];
  readonly #blocked: { name: string; blockedBy: readonly string[] }[] = [];
  readonly #total: MutableCounts = noCounts();

  constructor(views: readonly View[], watch: Watch) {
    this.#watch = watch;
    this.#clients = views.map((view) => ({ view, search: view.search.toLowerCase(), rows: [], total: 0 }));
  }

  group(group: GroupNode, around: GroupNode | undefined): void {
    const id = ids.of(group);
    const outer = around && this.#notes.get(around);
    const listedBy = this.#clients.map(({ view }, client) =>
      view.group === null || view.group === id || outer?.listedBy[client] === true
    );
    const note: Note = { group, id, around: outer, counts: noCounts(), inner: [], listedBy };
    this.#notes.set(group, note);
    (outer?.inner ?? this.#top).push(note);
  }

  task(task: TaskNode, group: GroupNode, parts: Parts): void {
    const wait = waitOf(parts);
    const state = stateOfTask(task, wait);
    this.#total[state]++;
    const note = this.#notes.get(group);
    if (note === undefined) return;
    note.counts[state]++;
    const blockedBy = wait.waits.flatMap(({ heldBy }) => heldBy);
    if (blockedBy.length > 0) this.#blocked.push({ name: task.name, blockedBy });
    for (let client = 0; client < this.#clients.length; client++) {
      const rows = this.#clients[client]!;
      if (!note.listedBy[client]) continue;
      if (rows.search !== "" && !task.name.toLowerCase().includes(rows.search)) continue;
      const index = rows.total++ - rows.view.offset;
      if (index < 0 || index >= mostRows) continue;
      rows.rows.push({ row: this.#row(task, group, { state, wait, deadline: parts.deadline, blockedBy }), node: task });
    }
  }

  /** What each of the clients sees, once everything has been visited, and the tasks of its rows; a part at a time. */
  *seen(): Generator<void, { readonly seen: Seen; readonly tasks: ReadonlyMap<number, TaskNode> }[]> {
    // Those further in come later: each is added to the one around it when it has all of its own.
    const notes = [...this.#notes.values()];
    for (let index = notes.length - 1; index >= 0; index--) {
      const { around, counts } = notes[index]!;
      if (around !== undefined) { for (const state of states) around.counts[state] += counts[state]; }
      if (index % perPart === 0) yield;
    }
    const cycles = (yield* findCycles(this.#blocked)).slice(0, mostCycles);
    const inCycle = new Set(cycles.flat());
    return this.#clients.map(({ view, rows, total }) => {
      const { groups, more } = this.#lines(new Set(view.open));
      return {
        seen: {
          total: this.#total,
          groups,
          groupsMore: more,
          rows: rows.map(({ row }) => ({ ...row, inCycle: inCycle.has(row.name) })),
          rowsTotal: total,
          cycles,
        },
        tasks: new Map(rows.map(({ node }) => [node.id, node])),
      };
    });
  }

  #row(
    task: TaskNode,
    group: GroupNode,
    { state, wait: { waits, forGroup }, deadline, blockedBy }: Seeing,
  ): Omit<TaskRow, "inCycle"> {
    return {
      id: task.id,
      name: task.name,
      group: group.name,
      state,
      age: ageOf(task),
      since: state === "queued" ? ageOf(task) : this.#watch.since(waits),
      waitingFor: task.waitsToStart ?? waitingFor(waits) ?? (forGroup && `the group ${forGroup.name}`) ?? null,
      blockedBy,
      priority: priorityOf(task.lane),
      deadline: timeUntil(deadline),
      place: fileIn(placeOf(task)),
    };
  }

  /** The lines of the tree where these groups are unfolded. */
  #lines(unfolded: ReadonlySet<number>): { groups: GroupRow[]; more: number } {
    const groups: GroupRow[] = [];
    let more = 0;
    const open = this.#top.map((note) => ({ note, depth: 0 })).reverse();
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { note, depth } = next;
      const { group, id, counts, inner } = note;
      const isOpen = unfolded.has(id);
      if (isOpen) { for (const each of inner.toReversed()) open.push({ note: each, depth: depth + 1 }); }
      if (groups.length >= mostRows) {
        more++;
        continue;
      }
      groups.push({
        id,
        name: group.name,
        depth,
        hasGroups: inner.length > 0,
        isOpen,
        state: stateOf(group),
        counts,
        age: ageOf(group),
        deadline: timeUntil(group.deadline),
      });
    }
    return { groups, more };
  }
}

const states = ["queued", "running", "waiting", "cancelling"] as const;

function noCounts(): MutableCounts {
  return { queued: 0, running: 0, waiting: 0, cancelling: 0 };
}

/** How far into groups that are in one another it is looked for what a task waits for, and at how many members of each. */
const deepest = 20;
const mostMembers = 1000;

/** What a task waits for: its own waits, else those of the body of a group in it, or the group itself once its body has ended. */
function waitOf(parts: Parts): TaskWait {
  for (let depth = 0; depth < deepest && parts.waits.length === 0; depth++) {
    const group = parts.inner.find((each) => each instanceof GroupNode);
    if (group === undefined) break;
    if (!group.bodyRuns) return { waits: parts.waits, forGroup: group };
    parts = partsOf(group, mostMembers);
  }
  return { waits: parts.waits, forGroup: undefined };
}

function stateOfTask(task: TaskNode, { waits, forGroup }: TaskWait): keyof Counts {
  if (task.effective !== undefined) return "cancelling";
  if (task.waitsToStart !== undefined) return "queued";
  return waits.length > 0 || forGroup !== undefined ? "waiting" : "running";
}

/** The place in a line of a stack: "at name (file:line:column)", or without a name. */
function fileIn(line: string | undefined): string | null {
  return line === undefined ? null : /\((.*)\)$/.exec(line)?.[1] ?? line.slice("at ".length);
}

function timeUntil(deadline: number): number | null {
  return deadline === Infinity ? null : deadline - loop().timers.now();
}
