/**
 * Results that wait in a worker for others to go with them, written down where the pool finds them if the worker never sends them: the job
 * behind may turn out to end the thread, or to spin until somebody else does.
 *
 * ```
 *   count | for each: id, kind, microseconds it ran, - | number | 200 units of text
 * ```
 *
 * @module
 */

/** How many results may wait, and how long a text of them may be, in UTF-16 units. */
export const mostGathered = 64;
export const longestText = 200;

const headBytes = 8;
export const wordsEach = 4;
const bytesEach = wordsEach * 4 + 8 + longestText * 2;

/** How much shared memory a journal takes. */
export const journalBytes: number = headBytes + mostGathered * bytesEach;

/** What a result is; a text of so many units is `text` and that number. */
export const kinds = { undefined: 0, null: 1, false: 2, true: 3, number: 4, text: 5 } as const;

/** The memory of a journal, as both sides see it. */
export interface JournalMemory {
  readonly count: Int32Array;
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  readonly texts: Uint16Array;
}

/** The journal that lies in `memory` from the byte `at` on, a multiple of eight. */
export function journalIn(memory: SharedArrayBuffer, at: number): JournalMemory {
  let from = at;
  return {
    count: new Int32Array(memory, from, headBytes / 4),
    numbers: new Float64Array(memory, from += headBytes, mostGathered),
    words: new Int32Array(memory, from += mostGathered * 8, mostGathered * wordsEach),
    texts: new Uint16Array(memory, from + mostGathered * wordsEach * 4, mostGathered * longestText),
  };
}

/** The worker's side of it: the pool reads by {@linkcode JournalReader}. */
export class Journal {
  readonly #memory: JournalMemory;
  #next = 0;

  /** See {@linkcode journalIn}. */
  constructor(memory: SharedArrayBuffer, at: number) {
    this.#memory = journalIn(memory, at);
  }

  /** Writes down the result of a job; answers whether it can hold that. */
  add(id: number, value: unknown, ran: number): boolean {
    const place = this.#next;
    const { count, words, numbers, texts } = this.#memory;
    if (place === mostGathered) return false;
    let kind: number;
    switch (typeof value) {
      case "number":
        numbers[place] = value;
        kind = kinds.number;
        break;
      case "string":
        if (value.length > longestText) return false;
        for (let index = 0; index < value.length; index++) {
          texts[place * longestText + index] = value.charCodeAt(index);
        }
        kind = kinds.text + value.length;
        break;
      case "boolean":
        kind = value ? kinds.true : kinds.false;
        break;
      case "undefined":
        kind = kinds.undefined;
        break;
      default:
        if (value !== null) return false;
        kind = kinds.null;
    }
    const at = place * wordsEach;
    words[at] = id;
    words[at + 1] = kind;
    words[at + 2] = ran;
    Atomics.store(count, 0, this.#next = place + 1);
    return true;
  }

  /** Everything in it has been sent. */
  clear(): void {
    if (this.#next > 0) Atomics.store(this.#memory.count, 0, this.#next = 0);
  }
}
