/**
 * The run of a seed as a timeline with a lane for each machine.
 *
 * @module
 */

import type { LoopEvent } from "../../../runtime/simulation/loop/loop_event.ts";
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
  /** How many times in a row it happened. */
  readonly times: number;
  /** How many others had happened before. */
  readonly before: number;
}

/** What happens in no machine. */
export const world = "world";

/** How many lines the text has at most, and how long they and the columns of lanes are. */
const mostLines = 40;
const longestLine = 120;
const narrowestLane = 16;

/** The marks of lines: a fault has to be found at a glance. */
const marks: Partial<Record<TimelineEntry["kind"], string>> = { fault: "✗ ", mark: "✓ ", console: "> ", end: "■ " };

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

  constructor(entries: readonly TimelineEntry[]) {
    this.entries = entries;
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
    let next = 0;
    return [...chosen].sort((a, b) => a - b).map((index) => {
      const entry = entries[index]!;
      const gap = entry.before - next;
      next = entry.before + entry.times;
      return { entry, gap };
    });
  }

  /** As the timelines of single schedules are. */
  get trace(): Trace {
    const entries = this.entries.map((entry): TraceEntry => {
      const { time, lane, kind, text } = entry;
      return {
        time,
        kind: kind === "fault" ? "choice" : kind,
        event: kind === "end" ? "the run fails" : textOf(entry),
        ...lane !== world && { machine: lane },
        ...kind === "end" && { text },
        heldBack: false,
        woke: [],
        began: [],
      };
    });
    return { entries, leftOut: this.entries[0]?.before ?? 0 };
  }

  /** Forty lines in columns: time, and a lane for each machine. */
  toString(): string {
    const excerpt = this.excerpt(mostLines);
    const shown = excerpt.map(({ entry }) => entry);
    const { lanes } = new Timeline(shown);
    const timeWidth = Math.max(...shown.map((entry) => timeOf(entry).length));
    const widest = Math.max(narrowestLane, Math.floor((longestLine - timeWidth) / lanes.length) - 2);
    // Faults and the end may be longer than their lane: those to the right have nothing on such a line.
    const widthOf = (lane: string): number =>
      Math.min(
        widest,
        Math.max(
          lane.length,
          ...shown.map((entry) => entry.lane === lane && marks[entry.kind] === undefined ? textOf(entry).length : 0),
        ),
      );
    const indent = " ".repeat(timeWidth + 2);
    let head = indent;
    const starts = new Map<string, number>();
    for (const lane of lanes) {
      starts.set(lane, head.length);
      const width = widthOf(lane);
      head += `${cut(plain(lane), width).padEnd(width)}  `;
    }
    const lines = excerpt.flatMap(({ entry, gap }) => {
      const line = timeOf(entry).padStart(timeWidth).padEnd(starts.get(entry.lane)!);
      const told = cut((marks[entry.kind] ?? "") + plain(textOf(entry)), Math.max(widest, longestLine - line.length));
      return gap === 0 ? [line + told] : [`${indent}... ${gap} more`, line + told];
    });
    return (lanes.length === 1 ? lines : [head.trimEnd(), ...lines]).join("\n");
  }
}

/** What happened, and how many times in a row. */
export function textOf({ text, times }: TimelineEntry): string {
  return times > 1 ? `${text} (${times} times)` : text;
}

/** When it was, the first time. */
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
