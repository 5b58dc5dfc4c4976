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

/** Added to the kind of a turn as often as the number of the state says in which the task that it is about has ended in it: one event for two. */
export const endsIn = 16;

/** What has happened. */
export type TraceKind = keyof typeof kinds;

/** Is this the turn in which a task starts? */
function isStart(kind: number): boolean {
  const plain = kind % endsIn;
  return plain === kinds.startTurn || plain === kinds.sliceStartTurn;
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
  /** Of a turn the number of the state in which its task has ended in it; 0 if it has not. */
  readonly ended: number;
}

/** How many numbers an event has, and how many other values. They lie side by side: six arrays would be six lines of the cache for each event. */
const numbers = 4;
const values = 2;

/** The events of a trace. */
export class TraceLog {
  /** How many are not kept any more. */
  dropped = 0;
  readonly #size: number;
  /** Of each event its kind, its time, its task and its detail. */
  readonly #numbers: Float64Array;
  /** Of each event its subject and what is around it. */
  readonly #values: unknown[];
  /** Where the next one goes, and how many there are. */
  #next = 0;
  #count = 0;
  /** Of tasks with a number up to this the start is not among the events. */
  #unknown = Infinity;

  constructor(size: number) {
    this.#size = size;
    this.#numbers = new Float64Array(size * numbers);
    this.#values = new Array(size * values).fill(undefined);
  }

  /** Writes an event down, in the place of the oldest if there is no other. */
  write(kind: number, time: number, task: number, subject: unknown, around?: Scope, detail = 0): void {
    const place = this.#next;
    this.#next = place + 1 === this.#size ? 0 : place + 1;
    if (this.#count === this.#size) this.#drop(place);
    else this.#count++;
    const first = place * numbers;
    this.#numbers[first] = kind;
    this.#numbers[first + 1] = time;
    this.#numbers[first + 2] = task;
    this.#numbers[first + 3] = detail;
    this.#values[place * values] = subject;
    this.#values[place * values + 1] = around;
  }

  #drop(place: number): void {
    this.dropped++;
    const first = place * numbers;
    if (isStart(this.#numbers[first]!)) this.#unknown = Math.max(this.#unknown, this.#numbers[first + 2]!);
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
      const [kind, time, task, detail] = this.#numbers.subarray(place * numbers, (place + 1) * numbers);
      yield {
        kind: names[kind! % endsIn]!,
        time: time!,
        task: task!,
        subject: this.#values[place * values],
        around: this.#values[place * values + 1] as Scope | undefined,
        detail: detail!,
        ended: Math.floor(kind! / endsIn),
      };
    }
  }
}
