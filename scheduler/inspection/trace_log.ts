/**
 * What a trace remembers: the last so many events, each as little as it can be, because it is written down while the program runs.
 *
 * Of a task there is its number, its name and its group, and not the task itself: what is kept here grows old, and to move 100,000 tasks that
 * would be gone by then costs the collector more than all the rest. (Spawn and join took 2.5 x as long, 1.6 x of it in the collector.)
 *
 * @module
 */

import type { Scope } from "../scopes/scope.ts";

/** A task, as far as it is written down. */
export interface TracedTask {
  readonly id: number;
  readonly label: string;
  readonly parent: Scope | undefined;
}

/** The kinds of events, with their numbers. */
export const kinds = {
  taskEnd: 0,
  waitStart: 1,
  waitWake: 2,
  waitEnd: 3,
  callStart: 4,
  callEnd: 5,
  requestStart: 6,
  requestEnd: 7,
  /** A turn; the one in which a task starts; and each of these as the first of a slice. */
  turn: 8,
  startTurn: 9,
  sliceTurn: 10,
  sliceStartTurn: 11,
} as const;

/** What has happened. */
export type TraceKind = keyof typeof kinds;

/** Is this the turn in which a task starts? */
function isStart(kind: number): boolean {
  return kind === kinds.startTurn || kind === kinds.sliceStartTurn;
}

const names = Object.keys(kinds) as TraceKind[];

/** One event, as it is read. */
export interface TraceEvent {
  readonly kind: TraceKind;
  /** When, in ms of the host's clock; of a turn, when it began. */
  readonly time: number;
  /** The number of the task that it is about; 0 for none. */
  readonly task: number;
  /** The name of a task, where this is its start or that is not among the events; the message of a channel; who ran in a turn, if no task. */
  readonly subject: unknown;
  /** What is around the task. */
  readonly around: Scope | undefined;
  /** Of a turn its length in ms; of the end of a task the number of its state; of a wake the number of the task that wakes. */
  readonly detail: number;
}

/** The events of a trace, in columns. */
export class TraceLog {
  /** How many are not kept any more. */
  dropped = 0;
  readonly #size: number;
  readonly #kinds: Uint8Array;
  readonly #times: Float64Array;
  readonly #tasks: Float64Array;
  readonly #details: Float64Array;
  readonly #subjects: unknown[];
  readonly #around: (Scope | undefined)[];
  /** Where the next one goes, and how many there are. */
  #next = 0;
  #count = 0;
  /** Of tasks with a number up to this the start is not among the events. */
  #unknown = Infinity;

  constructor(size: number) {
    this.#size = size;
    this.#kinds = new Uint8Array(size);
    this.#times = new Float64Array(size);
    this.#tasks = new Float64Array(size);
    this.#details = new Float64Array(size);
    this.#subjects = new Array(size).fill(undefined);
    this.#around = new Array(size).fill(undefined);
  }

  /** Writes an event down, in the place of the oldest if there is no other. */
  write(kind: number, time: number, task: number, subject: unknown, around?: Scope, detail = 0): void {
    const place = this.#next;
    this.#next = place + 1 === this.#size ? 0 : place + 1;
    if (this.#count === this.#size) this.#drop(place);
    else this.#count++;
    this.#kinds[place] = kind;
    this.#times[place] = time;
    this.#tasks[place] = task;
    this.#details[place] = detail;
    this.#subjects[place] = subject;
    this.#around[place] = around;
  }

  #drop(place: number): void {
    this.dropped++;
    if (isStart(this.#kinds[place]!)) this.#unknown = Math.max(this.#unknown, this.#tasks[place]!);
  }

  /** Writes down what a task does. Its name and what is around it are there already where its start is: to find them out costs more. */
  writeTask(kind: number, time: number, task: TracedTask, detail: number): void {
    const { id } = task;
    const starts = isStart(kind);
    if (starts && this.#unknown === Infinity) this.#unknown = id - 1;
    if (starts || id <= this.#unknown) this.write(kind, time, id, task.label, task.parent, detail);
    else this.write(kind, time, id, undefined, undefined, detail);
  }

  /** The events, oldest first. */
  *events(): Generator<TraceEvent> {
    const first = this.#count < this.#size ? 0 : this.#next;
    for (let number = 0; number < this.#count; number++) {
      const place = (first + number) % this.#size;
      yield {
        kind: names[this.#kinds[place]!]!,
        time: this.#times[place]!,
        task: this.#tasks[place]!,
        subject: this.#subjects[place],
        around: this.#around[place],
        detail: this.#details[place]!,
      };
    }
  }
}
