/**
 * The bytes of a file.
 *
 * @module
 */

const nothing = new Uint8Array(0);

/** Bytes that grow; what lies between the end and a later write is zero. */
export class Content {
  size = 0;
  /** Beyond `size` it is zero. */
  #bytes: Uint8Array = nothing;

  /** The bytes themselves, not to be written to. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }

  /** Copies from a place on, as much as there is and has room; answers how much. */
  read(at: number, into: Uint8Array): number {
    if (at >= this.size) return 0;
    const found = this.#bytes.subarray(at, Math.min(this.size, at + into.byteLength));
    into.set(found);
    return found.byteLength;
  }

  write(at: number, bytes: Uint8Array): void {
    this.#reserve(at + bytes.byteLength);
    this.#bytes.set(bytes, at);
    this.size = Math.max(this.size, at + bytes.byteLength);
  }

  truncate(size: number): void {
    this.#reserve(size);
    if (size < this.size) this.#bytes.fill(0, size, this.size);
    this.size = size;
  }

  flipBit(at: number, bit: number): void {
    this.#bytes[at]! ^= 1 << bit;
  }

  copy(): Content {
    const copy = new Content();
    copy.#bytes = this.#bytes.slice(0, this.size);
    copy.size = this.size;
    return copy;
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.byteLength) return;
    const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.byteLength, 64));
    larger.set(this.bytes);
    this.#bytes = larger;
  }
}
