/**
 * Words out of bytes, without making strings of them: a word is known by a hash of 53 bits.
 *
 * An identifier gives itself and its parts: `readBytes` gives readbytes, read and bytes. Letters are taken in lower
 * case; a word has 2 to 64 of them.
 */

/** The class of each byte. */
const other = 0, lower = 1, upper = 2, digit = 3, underscore = 4;
const classes = new Uint8Array(256);
const folded = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  folded[byte] = byte;
  if (byte >= 97 && byte <= 122) classes[byte] = lower;
  else if (byte >= 65 && byte <= 90) classes[byte] = upper, folded[byte] = byte + 32;
  else if (byte >= 48 && byte <= 57) classes[byte] = digit;
  else if (byte === 95 || byte === 36) classes[byte] = underscore;
  else classes[byte] = byte >= 128 ? lower : other;
}

const longest = 64;

/** Finds the words of one text, block by block; a word may cross the border of two blocks. */
export class Tokenizer {
  readonly #emit: (high: number, low: number) => void;
  /** The hashes of the identifier so far and of its last part; each in two halves of 32 bits. */
  #low = 0;
  #high = 0;
  #partLow = 0;
  #partHigh = 0;
  #length = 0;
  #partLength = 0;
  #parts = 0;
  #before = other;

  constructor(emit: (high: number, low: number) => void) {
    this.#emit = emit;
  }

  /** Goes through the bytes from `start` up to `end`. */
  take(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      const kind = classes[byte]!;
      if (kind === other) {
        if (this.#length > 0) this.end();
        continue;
      }
      if (this.#length === 0) this.#begin();
      else if (kind === underscore || (kind === upper && this.#before !== upper)) this.#endPart();
      this.#before = kind;
      if (kind === underscore) {
        this.#length++;
        this.#low = Math.imul(this.#low ^ byte, 0x01000193);
        this.#high = Math.imul(this.#high ^ byte, 0x5bd1e995);
        continue;
      }
      const letter = folded[byte]!;
      this.#low = Math.imul(this.#low ^ letter, 0x01000193);
      this.#high = Math.imul(this.#high ^ letter, 0x5bd1e995);
      this.#partLow = Math.imul(this.#partLow ^ letter, 0x01000193);
      this.#partHigh = Math.imul(this.#partHigh ^ letter, 0x5bd1e995);
      this.#length++;
      this.#partLength++;
    }
  }

  /** The text is over, or the word is. */
  end(): void {
    if (this.#length === 0) return;
    this.#endPart();
    if (this.#parts !== 1 && this.#length >= 2 && this.#length <= longest) this.#give(this.#high, this.#low);
    this.#length = 0;
    this.#before = other;
  }

  #begin(): void {
    this.#low = this.#partLow = 0x811c9dc5 | 0;
    this.#high = this.#partHigh = 0x9747b28c | 0;
    this.#partLength = this.#parts = 0;
  }

  #endPart(): void {
    if (this.#partLength > 0) {
      this.#parts++;
      if (this.#partLength >= 2 && this.#partLength <= longest) this.#give(this.#partHigh, this.#partLow);
    }
    this.#partLength = 0;
    this.#partLow = 0x811c9dc5 | 0;
    this.#partHigh = 0x9747b28c | 0;
  }

  #give(high: number, low: number): void {
    // The halves were mixed byte by byte; the last bytes have to reach all bits.
    high = Math.imul(high ^ (high >>> 15), 0x85ebca6b);
    low = Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    this.#emit((high ^ (high >>> 13)) >>> 0, (low ^ (low >>> 16)) >>> 0);
  }
}

/** Words as pairs of hash halves. */
export type Words = readonly (readonly [high: number, low: number])[];

/** The words of a short text, such as a query; each once. */
export function wordsOf(text: string): Words {
  const found = new Map<string, [number, number]>();
  const bytes = new TextEncoder().encode(text);
  const tokenizer = new Tokenizer((high, low) => found.set(`${high},${low}`, [high, low]));
  tokenizer.take(bytes, 0, bytes.length);
  tokenizer.end();
  return [...found.values()];
}
