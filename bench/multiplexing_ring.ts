/** `io_uring(7)` as a poller: the other way in which Linux tells which descriptors are ready. */

import { call, close } from "../examples/event-loop/poller/libc.ts";

const enter = "int syscall(u64, u64, u64, u64, u64, u64, u64)";
const map = "u64 mmap(u64, u64, int, int, int, u64)";
const copyIn = "u64 memcpy(u64, buffer, u64)";
const copyOut = "u64 memcpy(buffer, u64, u64)";

const [SETUP, ENTER] = [425, 426];
const GET_EVENTS = 1;
const POLL_ADD = 6;
const READ = 1;
const [PROTECTION, SHARED] = [3, 1];
const queueOffset = 0x10000000;
/** Of an entry of the submission queue, and of one of the completion queue, in bytes. */
const [entrySize, completionSize] = [64, 16];

/** Polls that are armed once each: what has been told is armed again for the next wait. */
export class Ring {
  readonly #fd: number;
  readonly #params = new DataView(new ArrayBuffer(120));
  readonly #rings: number;
  readonly #ringsSize: number;
  readonly #queue: number;
  readonly #entries: DataView<ArrayBuffer>;
  readonly #completions: DataView<ArrayBuffer>;
  readonly #number = new Uint32Array(1);
  readonly #tails = new Uint32Array(2);
  #submitted = 0;

  /** For so many descriptors; `undefined` where the kernel has none, or lets nobody use it. */
  static open(descriptors: number): Ring | undefined {
    const entries = 2 ** Math.ceil(Math.log2(descriptors));
    const params = new DataView(new ArrayBuffer(120));
    const fd = call("int syscall(u64, u64, buffer)", SETUP, entries, params);
    return fd < 0 ? undefined : new Ring(fd, params);
  }

  private constructor(fd: number, params: DataView<ArrayBuffer>) {
    this.#fd = fd;
    this.#params = params;
    const [entries, completions] = [this.#param(0), this.#param(4)];
    this.#ringsSize = Math.max(this.#param(64) + entries * 4, this.#param(100) + completions * completionSize);
    this.#rings = call(map, 0, this.#ringsSize, PROTECTION, SHARED, fd, 0);
    this.#queue = call(map, 0, entries * entrySize, PROTECTION, SHARED, fd, queueOffset);
    this.#entries = new DataView(new ArrayBuffer(entries * entrySize));
    this.#completions = new DataView(new ArrayBuffer(completions * completionSize));
    const order = Uint32Array.from({ length: entries }, (_, index) => index);
    call(copyIn, this.#rings + this.#param(64), order, order.byteLength);
  }

  #param(at: number): number {
    return this.#params.getUint32(at, true);
  }

  /** Arms these, waits until so many are ready, and answers with them. */
  wait(armed: readonly number[], ready: number): number[] {
    const mask = this.#param(0) - 1;
    // Entries follow one another from the start of the ring, which is as long as all descriptors together.
    const first = this.#submitted & mask;
    for (const [index, fd] of armed.entries()) {
      const at = ((first + index) & mask) * entrySize;
      this.#entries.setUint8(at, POLL_ADD);
      this.#entries.setInt32(at + 4, fd, true);
      this.#entries.setUint32(at + 28, READ, true);
      this.#entries.setUint32(at + 32, fd, true);
    }
    const untilEnd = Math.min(armed.length, mask + 1 - first);
    this.#copyEntries(first, untilEnd);
    this.#copyEntries(0, armed.length - untilEnd);
    this.#submitted += armed.length;
    this.#number[0] = this.#submitted;
    call(copyIn, this.#rings + this.#param(44), this.#number, 4);
    call(enter, ENTER, this.#fd, armed.length, ready, GET_EVENTS, 0, 0);
    return this.#take();
  }

  #copyEntries(first: number, count: number): void {
    if (count === 0) return;
    const bytes = new Uint8Array(this.#entries.buffer, first * entrySize, count * entrySize);
    call(copyIn, this.#queue + first * entrySize, bytes, bytes.length);
  }

  /** Takes what is complete. The head and the tail of its queue stand beside one another. */
  #take(): number[] {
    const told: number[] = [];
    const [headAt, tailAt] = [this.#param(80), this.#param(84)];
    call(copyOut, this.#tails, this.#rings + headAt, 4);
    const head = this.#tails[0]!;
    call(copyOut, this.#tails, this.#rings + tailAt, 4);
    const tail = this.#tails[0]!;
    const count = this.#param(4);
    call(copyOut, this.#completions, this.#rings + this.#param(100), this.#completions.byteLength);
    for (let at = head; at !== tail; at++) {
      told.push(this.#completions.getUint32((at & (count - 1)) * completionSize, true));
    }
    this.#number[0] = tail;
    call(copyIn, this.#rings + headAt, this.#number, 4);
    return told;
  }

  close(): void {
    call("int munmap(u64, u64)", this.#rings, this.#ringsSize);
    call("int munmap(u64, u64)", this.#queue, this.#param(0) * entrySize);
    close(this.#fd);
  }
}
