/**
 * `epoll(7)`: which of many descriptors are ready, at a cost that follows those that are, not those that are watched.
 *
 * @module
 */

import { close, epollControl, epollCreate, epollWait } from "./libc.ts";

export const READ = 0x1;
export const WRITE = 0x4;
/** An error, or the end of a connection: told whether it was asked for or not. */
export const FAILED: number = 0x8 | 0x10;
/** Once for each time that it becomes ready; without it again and again for as long as it is. */
export const EDGE: number = 1 << 31;

const [ADD, DELETE, MODIFY] = [1, 2, 3];
/** A `struct epoll_event` has 12 bytes: the events, then the data, which here is the descriptor. */
const size = 12;

/** A set of watched descriptors. */
export class Epoll {
  readonly #fd = checked(epollCreate(0), "epoll_create1");
  readonly #watched = new Map<number, number>();
  readonly #buffer: Int32Array<ArrayBuffer>;
  readonly #event = new Int32Array(size / 4);

  /** `batch`: how many are told at once, at most. */
  constructor(batch: number = 1024) {
    this.#buffer = new Int32Array(batch * size / 4);
  }

  /** Watches a descriptor for these events from now on; for none, not at all. */
  watch(fd: number, events: number): void {
    const before = this.#watched.get(fd);
    if (before === undefined && events === 0) return;
    const operation = events === 0 ? DELETE : before === undefined ? ADD : MODIFY;
    this.#event[0] = events;
    this.#event[1] = fd;
    checked(epollControl(this.#fd, operation, fd, this.#event), "epoll_ctl");
    if (events === 0) this.#watched.delete(fd);
    else this.#watched.set(fd, events);
  }

  /** What a descriptor is watched for. */
  events(fd: number): number {
    return this.#watched.get(fd) ?? 0;
  }

  /** Waits for at most so many ms, -1 for ever; calls back for each descriptor that is ready. Answers how many were. */
  wait(ms: number, ready: (fd: number, events: number) => void): number {
    const count = epollWait(this.#fd, this.#buffer, this.#buffer.length * 4 / size, ms);
    // Less than 0 is a signal that came between: as good as nothing.
    for (let at = 0; at < count; at++) ready(this.#buffer[at * 3 + 1]!, this.#buffer[at * 3]!);
    return count;
  }

  close(): void {
    close(this.#fd);
  }
}

/** What a call of the system has answered; throws where it failed. */
export function checked(result: number, name: string): number {
  if (result < 0) throw new Error(`${name} failed`);
  return result;
}
