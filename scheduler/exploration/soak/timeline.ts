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

/** An entry of an excerpt. */
export interface Excerpt {
  readonly entry: TimelineEntry;
  /** How many entries were left out before it. */
  readonly gap: number;
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

  /** So many entries at most: the faults with what is around them, and the end; each with how many were left out before it. */
  excerpt(count: number): readonly Excerpt[] {
    const { entries } = this;
    const faults = entries.flatMap(({ kind }, index) => kind === "fault" ? [index] : []).slice(-count / 4);
    const around = Math.min(8, Math.max(1, Math.floor(count / 4 / faults.length)));
    const chosen = new Set<number>();
    for (const fault of faults) {
      for (let index = fault - around; index <= fault + around; index++) if (index in entries) chosen.add(index);
    }
    for (let index = entries.length - 1; index >= 0 && chosen.size < count; index--) chosen.add(index);
    let before = -1 - this.leftOut;
    return [...chosen].sort((a, b) => a - b).map((index) => {
      const gap = index - before - 1;
      before = index;
      return { entry: entries[index]!, gap };
    });
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

  /** Forty lines in columns: time, and a lane for each machine. */
  toString(): string {
    const excerpt = this.excerpt(mostLines);
    const lanes = new Timeline(excerpt.map(({ entry }) => entry), 0).lanes;
    const timeWidth = Math.max(...excerpt.map(({ entry }) => timeOf(entry).length));
    const room = longestLine - timeWidth - 2 * lanes.length;
    const width = lanes.length === 1
      ? room
      : Math.min(widestLane, Math.max(narrowestLane, Math.floor(room / lanes.length)));
    const lines = excerpt.flatMap(({ entry, gap }) => {
      const { lane, kind, text } = entry;
      const before = " ".repeat((width + 2) * lanes.indexOf(lane));
      // The lanes to the right have nothing on this line.
      const told = cut((marks[kind] ?? "") + plain(text), Math.max(narrowestLane, room - before.length));
      const line = `${timeOf(entry).padStart(timeWidth)}  ${before}${told}`;
      return gap === 0 ? [line] : [`${" ".repeat(timeWidth)}  ... ${gap} more`, line];
    });
    if (lanes.length === 1) return lines.join("\n");
    const names = lanes.map((lane) => cut(plain(lane), width).padEnd(width)).join("  ");
    return [`${" ".repeat(timeWidth)}  ${names}`.trimEnd(), ...lines].join("\n");
  }
}

/** When it was. */
export function timeOf({ time }: TimelineEntry): string {
  return `${Math.round(time * 1000) / 1000} ms`;
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
