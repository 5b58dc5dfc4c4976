/**
 * Records the run of a seed as a timeline.
 *
 * @module
 */

import type { LoopEvent } from "../../../runtime/simulation/loop/loop_event.ts";
import type { RunWitness } from "../../../runtime/simulation/run/session.ts";
import type { TraceKind } from "../search/trace.ts";
import { toldOfFailure } from "./failure_kind.ts";
import { ownerOf, Timeline, type TimelineEntry, world } from "./timeline.ts";

/** An entry that may still come again. */
interface OpenEntry extends TimelineEntry {
  times: number;
  lane: string;
}

/** How many of the last entries are kept, and of those that are near faults before them. */
const mostLast = 1000;
const mostNear = 200;

/** How many entries before and after a fault are near. */
const near = 8;

/** What is known of the run that is recorded. */
export interface RecordedRun {
  /** Milliseconds of its clock. */
  now(): number;
  /** The machine whose flow of control it is; `undefined` where it is the body's. */
  machine(): string | undefined;
}

/** Records a run. */
export class TimelineRecorder implements RunWitness {
  readonly #run: RecordedRun;
  #entries: OpenEntry[] = [];
  #count = 0;
  /** The macrotask that runs. */
  #current: OpenEntry | undefined;

  constructor(run: RecordedRun) {
    this.#run = run;
  }

  /** A macrotask begins. */
  came(event: LoopEvent): void {
    // Immediates have no name that would say anything.
    this.#current = event.kind === "immediate"
      ? undefined
      : this.#add(event.kind as TraceKind, event.label, ownerOf(event));
  }

  /** A macrotask has run, with all its microtasks. Only now it is known what came to which machine: it begins as the world's. */
  ran(machine: string = world): void {
    if (this.#current?.times === 1) this.#current.lane = machine;
  }

  /** A fault has come. */
  readonly fault = (told: string): void => void this.#add("fault", told);

  /** A fault has come to a machine. */
  happened(time: number, lane: string, text: string): void {
    this.#add("fault", text, lane, time);
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
    this.#add("end", toldOfFailure(error).slice(0, 1000), world);
    this.#forget();
    return new Timeline(this.#entries);
  }

  #add(
    kind: TimelineEntry["kind"],
    text: string,
    lane: string = this.#run.machine() ?? world,
    time: number = this.#run.now(),
  ): OpenEntry {
    const last = this.#entries.at(-1);
    const before = this.#count++;
    if (last?.kind === kind && last.text === text && last.lane === lane) {
      last.times++;
      return last;
    }
    const entry = { time, lane, kind, text, times: 1, before };
    this.#entries.push(entry);
    if (this.#entries.length >= 2 * mostLast + mostNear) this.#forget();
    return entry;
  }

  /** Forgets what is neither near a fault nor among the last. */
  #forget(): void {
    const early = this.#entries.slice(0, -mostLast);
    if (early.length === 0) return;
    const isNear = new Set<number>();
    early.forEach(({ kind }, at) => {
      if (kind !== "fault") return;
      for (let index = at - near; index <= at + near; index++) isNear.add(index);
    });
    const kept = early.filter((_, index) => isNear.has(index)).slice(0, mostNear);
    this.#entries = [...kept, ...this.#entries.slice(-mostLast)];
  }
}
