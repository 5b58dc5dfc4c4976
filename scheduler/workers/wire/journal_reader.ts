/**
 * What a worker has written into its journal, for the pool to read. Apart from the writing, which bundles of workers carry.
 *
 * @module
 */

import { headBytes, kinds, longestText, mostGathered, wordsEach } from "./journal.ts";
import { replies, type RepliesMessage } from "./protocol.ts";

/** The pool's side of a journal. */
export class JournalReader {
  readonly #count: Int32Array;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #texts: Uint16Array;

  /** Lies in `memory` from the byte `at` on, as for the worker. */
  constructor(memory: SharedArrayBuffer, at: number) {
    let from = at;
    this.#count = new Int32Array(memory, from, headBytes / 4);
    this.#numbers = new Float64Array(memory, from += headBytes, mostGathered);
    this.#words = new Int32Array(memory, from += mostGathered * 8, mostGathered * wordsEach);
    this.#texts = new Uint16Array(memory, from + mostGathered * wordsEach * 4, mostGathered * longestText);
  }

  /** The jobs whose results it holds. */
  ids(): number[] {
    return Array.from({ length: Atomics.load(this.#count, 0) }, (_, place) => this.#words[place * wordsEach]!);
  }

  /** What it holds, as the message that would have brought it, to be read with these first two places. */
  asReplies(token: number, left: number): RepliesMessage {
    const list: RepliesMessage = [token, left];
    this.ids().forEach((id, place) => {
      const [kind, ran] = this.#words.subarray(place * wordsEach + 1);
      list.push(id, kind === kinds.undefined ? replies.doneEmpty : replies.done, this.#valueOf(kind!, place), ran);
    });
    return list;
  }

  #valueOf(kind: number, place: number): unknown {
    switch (kind) {
      case kinds.undefined:
      case kinds.null:
        return null;
      case kinds.false:
      case kinds.true:
        return kind === kinds.true;
      case kinds.number:
        return this.#numbers[place];
      default: {
        const from = place * longestText;
        return String.fromCharCode(...this.#texts.subarray(from, from + kind - kinds.text));
      }
    }
  }
}
