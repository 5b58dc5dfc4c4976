/**
 * What a worker has written into its journal, for the pool to read. Apart from the writing, which bundles of workers carry.
 *
 * @module
 */

import { journalIn, type JournalMemory, kinds, longestText, wordsEach } from "./journal.ts";
import { replies, type RepliesMessage } from "./protocol.ts";

/** The pool's side of a journal. */
export class JournalReader {
  readonly #memory: JournalMemory;

  /** See {@linkcode journalIn}. */
  constructor(memory: SharedArrayBuffer, at: number) {
    this.#memory = journalIn(memory, at);
  }

  /** The jobs whose results it holds. */
  ids(): number[] {
    const { count, words } = this.#memory;
    return Array.from({ length: Atomics.load(count, 0) }, (_, place) => words[place * wordsEach]!);
  }

  /** What it holds, as the message that would have brought it, to be read with these first two places. */
  asReplies(token: number, left: number): RepliesMessage {
    const list: RepliesMessage = [token, left];
    this.ids().forEach((id, place) => {
      const [kind, ran] = this.#memory.words.subarray(place * wordsEach + 1);
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
        return this.#memory.numbers[place];
      default: {
        const from = place * longestText;
        return String.fromCharCode(...this.#memory.texts.subarray(from, from + kind - kinds.text));
      }
    }
  }
}
