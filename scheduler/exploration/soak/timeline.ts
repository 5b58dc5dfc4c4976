/**
 * The run of a seed as a timeline with a lane for each machine.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import type { LoopEvent } from "../../../runtime/simulation/loop/loop_event.ts";
import type { RunWitness } from "../../../runtime/simulation/run/session.ts";
import type { Trace, TraceEntry, TraceKind } from "../search/trace.ts";

/** One thing that happened. */
export interface TimelineEntry {
  /** In ms of the simulated clock. */
  readonly time: number;
  /** The machine; `world` for what belongs to none. */
  readonly lane: string;
  /** What it is: as in the trace of a schedule, or a fault. */
  readonly kind: TraceKind | "fault";
  /** What happened, in words. */
  readonly text: string;
}

/** What happens in no machine. */
export const world = "world";

/** How many entries are kept: the last ones. */
const mostEntries = 1000;

/** How many lines the text has at most, and how long they and the columns of lanes are. */
const mostLines = 40;
const longestLine = 120;
const narrowestLane = 16;
const widestLane = 36;

/** The marks of lines: a fault has to be found at a glance. */
const marks: Partial<Record<TimelineEntry["kind"], string>> = { fault: "✗ ", mark: "✓ ", console: "> ", end: "■ " };

/** Records a run. */
export class TimelineRecorder implements RunWitness {
  readonly #now: () => number;
  #entries: TimelineEntry[] = [];
  #leftOut = 0;
  /** The machine whose macrotask runs. */
  #lane = world;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A macrotask begins. */
  came(event: LoopEvent): void {
    this.#lane = ownerOf(event);
    // Immediates have no name that would say anything.
    if (event.kind !== "immediate") this.#add(event.kind as TraceKind, event.label);
  }

  /** A fault has come. */
  readonly fault = (told: string): void => this.#add("fault", told);

  /** A fault has come to a machine. */
  happened(time: number, lane: string, text: string): void {
    this.#entries.push({ time, lane, kind: "fault", text });
  }

  asked(): void {}

  printed(method: string, text: string): void {
    this.#add("console", `${method}: ${text}`);
  }

  marked(label: string): void {
    this.#add("mark", label);
  }

  /** The run as it was, which has ended with an error, or well. */
  end(error: unknown): Timeline {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : show(error);
    this.#add("end", text.slice(0, 1000));
    const kept = this.#entries.slice(-mostEntries);
    return new Timeline(kept, this.#leftOut + this.#entries.length - kept.length);
  }

  #add(kind: TimelineEntry["kind"], text: string): void {
    this.#entries.push({ time: this.#now(), lane: this.#lane, kind, text });
    if (this.#entries.length < 2 * mostEntries) return;
    this.#entries = this.#entries.slice(mostEntries);
    this.#leftOut += mostEntries;
  }
}

/** The machine to which an event belongs. */
export function ownerOf({ owner }: LoopEvent): string {
  return owner === undefined ? world : owner.name;
}

/** What happened in a run. */
export class Timeline {
  readonly entries: readonly TimelineEntry[];
  /** How many entries came before. */
  readonly leftOut: number;

  constructor(entries: readonly TimelineEntry[], leftOut: number) {
    this.entries = entries;
    this.leftOut = leftOut;
  }

  /** The lanes by their names; the world stands first. */
  get lanes(): readonly string[] {
    const names = new Set(this.entries.map(({ lane }) => lane));
    return [...names.has(world) ? [world] : [], ...[...names].filter((name) => name !== world).sort()];
  }

  /** The last entries, and how many came before them. */
  last(count: number): Timeline {
    const kept = this.entries.slice(-count);
    return new Timeline(kept, this.leftOut + this.entries.length - kept.length);
  }

  /** As the timelines of single schedules are. */
  get trace(): Trace {
    const entries = this.entries.map(({ time, lane, kind, text }): TraceEntry => ({
      time,
      kind: kind === "fault" ? "choice" : kind,
      event: kind === "end" ? "the run fails" : text,
      ...lane !== world && { task: lane },
      ...kind === "end" && { text },
      heldBack: false,
      woke: [],
      began: [],
    }));
    return { entries, leftOut: this.leftOut };
  }

  /** The last lines in columns: time, and a lane for each machine. */
  toString(): string {
    const { entries, leftOut, lanes } = this.last(mostLines);
    const times = entries.map(({ time }) => `${Math.round(time * 1000) / 1000} ms`);
    const timeWidth = Math.max(...times.map((time) => time.length));
    const room = longestLine - timeWidth - 2 * lanes.length;
    const width = lanes.length === 1
      ? room
      : Math.min(widestLane, Math.max(narrowestLane, Math.floor(room / lanes.length)));
    const lines = entries.map(({ lane, kind, text }, index) => {
      const before = " ".repeat((width + 2) * lanes.indexOf(lane));
      return `${times[index]!.padStart(timeWidth)}  ${before}${cut((marks[kind] ?? "") + plain(text), width)}`;
    });
    const head = lanes.length === 1 ? [] : [
      `${" ".repeat(timeWidth)}  ${lanes.map((lane) => cut(plain(lane), width).padEnd(width)).join("  ")}`.trimEnd(),
    ];
    const note = leftOut > 0 ? [`the last ${entries.length} of ${leftOut + entries.length} entries`] : [];
    return [...note, ...head, ...lines].join("\n");
  }
}

/** Some signs would move the cursor of a terminal, or colour what follows. */
// deno-lint-ignore no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A text without signs that a terminal would obey. */
export function plain(text: string): string {
  return text.replace(
    control,
    (sign) => sign === "\n" ? " " : `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A text that is no longer than that. */
export function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
