/**
 * What a trace remembers: the last so many events, each as little as it can be, because it is written down while the program runs.
 *
 * @module
 */

/** What has happened. The message of a kind is that of its channel; of a turn, who ran. */
export type TraceKind = keyof typeof kinds;

/** The kinds of events, with their numbers. */
export const kinds = {
  taskSpawn: 0,
  taskStart: 1,
  taskEnd: 2,
  waitStart: 3,
  waitWake: 4,
  waitEnd: 5,
  callStart: 6,
  callEnd: 7,
  requestStart: 8,
  requestEnd: 9,
  turn: 10,
} as const;

const names = Object.keys(kinds) as TraceKind[];

/** One event, as it is read. */
export interface TraceEvent {
  readonly kind: TraceKind;
  /** When, in ms of the host's clock; of a turn, when it began. */
  readonly time: number;
  readonly message: unknown;
  /** Of a turn its length, in ms. */
  readonly length: number;
  /** Who has let a wait end; of a turn, whether it is the first of a slice. */
  readonly by: unknown;
}

/** The events of a trace. Columns, because an object for each would double what tracing costs. */
export class TraceLog {
  /** How many have been written, those included that are not kept any more. */
  written = 0;
  readonly #size: number;
  readonly #kinds: Uint8Array;
  readonly #times: Float64Array;
  readonly #lengths: Float64Array;
  readonly #messages: unknown[] = [];
  readonly #by: unknown[] = [];

  constructor(size: number) {
    this.#size = size;
    this.#kinds = new Uint8Array(size);
    this.#times = new Float64Array(size);
    this.#lengths = new Float64Array(size);
  }

  /** How many are not kept any more. */
  get dropped(): number {
    return Math.max(0, this.written - this.#size);
  }

  /** Writes an event down, in the place of the oldest if there is no other. */
  write(kind: number, time: number, message: unknown, length = 0, by: unknown = undefined): void {
    const place = this.written++ % this.#size;
    this.#kinds[place] = kind;
    this.#times[place] = time;
    this.#lengths[place] = length;
    // While there is room they grow: an array of its full size at once would be one with holes.
    this.#messages[place] = message;
    this.#by[place] = by;
  }

  /** The events, oldest first. */
  *events(): Generator<TraceEvent> {
    for (let number = this.dropped; number < this.written; number++) {
      const place = number % this.#size;
      yield {
        kind: names[this.#kinds[place]!]!,
        time: this.#times[place]!,
        message: this.#messages[place],
        length: this.#lengths[place]!,
        by: this.#by[place],
      };
    }
  }
}
