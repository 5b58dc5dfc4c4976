/**
 * A run as a timeline: what happened in it, when, and what came of it.
 *
 * @module
 */

/** What a line of a timeline tells of. */
export type TraceKind =
  /** The body begins: its code until the first wait. */
  | "begin"
  /** A timer fires. */
  | "timer"
  /** An operation of the world outside completes: `sim.io`, real work. */
  | "io"
  /** A message comes: of a port, of the network, of a worker. */
  | "message"
  /** A callback of `setImmediate` runs. */
  | "immediate"
  /** A turn of Millrace's own, in which tasks go on. Those in which none does are left out. */
  | "turn"
  /** The schedule has decided how a thing goes: a fault, a cut, a timer that is late. */
  | "choice"
  /** The body has printed something. */
  | "console"
  /** A mark of `sim.sometimes` was reached, and its condition held. */
  | "mark"
  /** The run is over. */
  | "end";

/** A task that has gone on. */
export interface TraceWake {
  /** Its path, without the numbers of tasks and groups. */
  readonly task: string;
  /** What it had waited for. */
  readonly waitedFor: string;
}

/** A line of the timeline of a run: a plain record. */
export interface TraceEntry {
  /** When it was, in ms of the simulated clock since the beginning of the run. */
  readonly time: number;
  /** What it tells of. */
  readonly kind: TraceKind;
  /**
   * What happened. An event is called as `schedule` calls it; a choice is told in words; of what was printed it is the method, as
   * `console.log`; of a mark its label.
   */
  readonly event: string;
  /** The path of the task that had asked for the event, or that has printed something; absent where there is none or none is known. */
  readonly task?: string;
  /** The machine whose macrotask it was; absent of the body and of the world around the machines. */
  readonly machine?: string;
  /** What was printed, or what the body has failed with. */
  readonly text?: string;
  /** Was the event held back from the order of arrival? */
  readonly heldBack: boolean;
  /** The tasks that went on by it, before the next macrotask. */
  readonly woke: readonly TraceWake[];
  /** The timers and operations that were asked for in it, by their names. */
  readonly began: readonly string[];
}

/** What is known of a run: its last entries, and how many came before. */
export interface Trace {
  readonly entries: readonly TraceEntry[];
  readonly leftOut: number;
}

/** How many lines a message has of a timeline, and how long they are at most. */
const mostLines = 40;
const longestLine = 120;

/** How wide the columns of events and tasks are at most. */
const widestEvent = 36;
const widestTask = 24;

/** What a task waits for that has not begun. */
const firstTurn = "its first turn";

/** Some signs would move the cursor of a terminal, or colour what follows. */
// deno-lint-ignore no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** The last lines of a timeline in columns. */
export function formatTrace({ entries, leftOut: before }: Trace): string[] {
  const last = entries.slice(-mostLines);
  const rows = last.map((entry) => ({
    time: `${round(entry.time)} ms`,
    event: cut(eventOf(entry), widestEvent),
    machine: entry.machine ?? "",
    task: cut(plain(entry.task ?? ""), widestTask),
    rest: restOf(entry),
  }));
  const width = (column: "time" | "machine" | "event" | "task") => Math.max(...rows.map((row) => row[column].length));
  const [times, machines, events, tasks] = [width("time"), width("machine"), width("event"), width("task")];
  const lines = rows.map(({ time, machine, event, task, rest }) => {
    const whose = machines > 0 ? [machine.padEnd(machines)] : [];
    const columns = [
      time.padStart(times),
      ...whose,
      event.padEnd(events),
      ...tasks > 0 ? [task.padEnd(tasks)] : [],
      rest,
    ];
    return cut(columns.join("  ").trimEnd(), longestLine);
  });
  const leftOut = before + entries.length - last.length;
  return leftOut > 0 ? [`the last ${last.length} of ${leftOut + last.length} lines`, ...lines] : lines;
}

/** What happens within a macrotask stands further in. */
function eventOf({ kind, event }: TraceEntry): string {
  if (kind === "console") return `  ${plain(event)}`;
  return kind === "mark" || kind === "choice" ? `  ${kind}` : plain(event);
}

function restOf({ kind, event, text, heldBack, woke, began }: TraceEntry): string {
  if (kind === "mark" || kind === "choice") return plain(event);
  if (text !== undefined) return plain(text);
  const parts = heldBack ? ["was held back"] : [];
  const starts = woke.filter(({ waitedFor }) => waitedFor === firstTurn).map(({ task }) => task);
  const wakes = woke.filter(({ waitedFor }) => waitedFor !== firstTurn).map(({ task, waitedFor }) =>
    `${task} (${waitedFor})`
  );
  for (const [verb, names] of [["starts", starts], ["wakes", wakes], ["begins", began]] as const) {
    if (names.length > 0) parts.push(`${verb} ${names.map((name) => cut(plain(name), widestEvent)).join(", ")}`);
  }
  return parts.join("; ");
}

function plain(text: string): string {
  return text.replace(control, (sign) => {
    const short = JSON.stringify(sign).slice(1, -1);
    return short === sign ? `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}` : short;
  });
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
