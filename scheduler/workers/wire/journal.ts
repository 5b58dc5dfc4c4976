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

export const headBytes = 8;
export const wordsEach = 4;
const bytesEach = wordsEach * 4 + 8 + longestText * 2;

/** How much shared memory a journal takes. */
export const journalBytes: number = headBytes + mostGathered * bytesEach;

/** What a result is; a text of so many units is `text` and that number. */
export const kinds = { undefined: 0, null: 1, false: 2, true: 3, number: 4, text: 5 } as const;

/** The worker's side of it: the pool reads by {@linkcode JournalReader}. */
export class Journal {
  readonly #count: Int32Array;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #texts: Uint16Array;
  #next = 0;

  /** Lies in `memory` from the byte `at` on, a multiple of eight. */
  constructor(memory: SharedArrayBuffer, at: number) {
    let from = at;
    this.#count = new Int32Array(memory, from, headBytes / 4);
    this.#numbers = new Float64Array(memory, from += headBytes, mostGathered);
    this.#words = new Int32Array(memory, from += mostGathered * 8, mostGathered * wordsEach);
    this.#texts = new Uint16Array(memory, from + mostGathered * wordsEach * 4, mostGathered * longestText);
  }

  /** Writes down the result of a job; answers whether it can hold that. */
  add(id: number, value: unknown, ran: number): boolean {
    const place = this.#next;
    if (place === mostGathered) return false;
    let kind: number;
    switch (typeof value) {
      case "number":
        this.#numbers[place] = value;
        kind = kinds.number;
        break;
      case "string":
        if (value.length > longestText) return false;
        for (let index = 0; index < value.length; index++) {
          this.#texts[place * longestText + index] = value.charCodeAt(index);
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
    this.#words[at] = id;
    this.#words[at + 1] = kind;
    this.#words[at + 2] = ran;
    Atomics.store(this.#count, 0, this.#next = place + 1);
    return true;
  }

  /** Everything in it has been sent. */
  clear(): void {
    if (this.#next > 0) Atomics.store(this.#count, 0, this.#next = 0);
  }
}
