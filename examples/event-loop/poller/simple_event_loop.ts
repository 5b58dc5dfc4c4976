/**
 * The event loop of the article, for real: one thread that waits for descriptors and timers, and calls back.
 *
 * ```
 *   ┌─> how long until the first timer? ──> wait for descriptors ──> their callbacks ──> due timers ──> callSoon ─┐
 *   └────────────────────────────────────────── until it is stopped ──────────────────────────────────────────────┘
 * ```
 *
 * It blocks its thread, which is why it has one of its own: promises and timers of the runtime stand still in it.
 *
 * @module
 */

import { checked, Epoll, FAILED, READ, WRITE } from "./epoll.ts";
import { close, eventFd, O_NONBLOCK, read, write } from "./libc.ts";

type Callback = () => void;

interface Timer {
  readonly at: number;
  readonly callback: Callback;
  cancelled: boolean;
}

/** How other threads reach a loop: a descriptor that wakes it, and what has happened. */
export interface Waker {
  readonly fd: number;
  /** How often each signal came, by its number; at 0, whether the loop is to stop. */
  readonly signals: Int32Array<SharedArrayBuffer>;
}

const one = new BigInt64Array([1n]);

/** Makes one; the loop closes it. */
export function makeWaker(): Waker {
  const signals = new Int32Array(new SharedArrayBuffer(4 * 65));
  return { fd: checked(eventFd(0, O_NONBLOCK), "eventfd"), signals };
}

/** Tells a loop of a signal, from any thread; 0 stops it. */
export function wake({ fd, signals }: Waker, signal: number): void {
  Atomics.add(signals, signal, 1);
  write(fd, one, 8);
}

export class SimpleEventLoop {
  readonly #epoll = new Epoll();
  readonly #readers = new Map<number, Callback>();
  readonly #writers = new Map<number, Callback>();
  /** The first to come is on top of the heap. */
  readonly #timers: Timer[] = [];
  #soon: Callback[] = [];
  readonly #signalHandlers = new Map<number, Callback>();
  #isStopped = false;
  readonly #waker: Waker;

  /** `waker` is where other threads reach this loop. */
  constructor(waker: Waker = makeWaker()) {
    this.#waker = waker;
    this.addReader(waker.fd, () => this.#woken());
  }

  addReader(fd: number, callback: Callback): void {
    this.#readers.set(fd, callback);
    this.#epoll.watch(fd, this.#epoll.events(fd) | READ);
  }

  removeReader(fd: number): void {
    this.#readers.delete(fd);
    this.#epoll.watch(fd, this.#epoll.events(fd) & ~READ);
  }

  addWriter(fd: number, callback: Callback): void {
    this.#writers.set(fd, callback);
    this.#epoll.watch(fd, this.#epoll.events(fd) | WRITE);
  }

  removeWriter(fd: number): void {
    this.#writers.delete(fd);
    this.#epoll.watch(fd, this.#epoll.events(fd) & ~WRITE);
  }

  /** Calls back in this round of the loop or the next. */
  callSoon(callback: Callback): void {
    this.#soon.push(callback);
  }

  /** Calls back after so many ms; what it returns takes that back. */
  callLater(ms: number, callback: Callback): Callback {
    const timer = { at: performance.now() + ms, callback, cancelled: false };
    this.#push(timer);
    return () => void (timer.cancelled = true);
  }

  /** Calls back when `wake` has told of this signal. */
  addSignalHandler(signal: number, callback: Callback): void {
    this.#signalHandlers.set(signal, callback);
  }

  /** Runs until `stop`, then closes what is its own. */
  runForever(): void {
    while (!this.#isStopped) {
      this.#epoll.wait(this.#timeout(), (fd, events) => this.#ready(fd, events));
      this.#runTimers();
      // What they ask for comes in the next round: a callback that calls itself soon starves nobody.
      const soon = this.#soon;
      this.#soon = [];
      for (const callback of soon) callback();
    }
    this.#epoll.close();
    close(this.#waker.fd);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** How long to wait for descriptors, in ms: not at all with work at hand, until the first timer, or for ever. */
  #timeout(): number {
    if (this.#soon.length > 0 || this.#isStopped) return 0;
    while (this.#timers[0]?.cancelled) this.#pop();
    const first = this.#timers[0];
    return first === undefined ? -1 : Math.max(0, Math.ceil(first.at - performance.now()));
  }

  #ready(fd: number, events: number): void {
    // A callback before this one may have taken it out.
    if (events & (READ | FAILED)) this.#readers.get(fd)?.();
    if (events & (WRITE | FAILED)) this.#writers.get(fd)?.();
  }

  #runTimers(): void {
    const now = performance.now();
    while (this.#timers.length > 0 && this.#timers[0]!.at <= now) {
      const timer = this.#pop();
      if (!timer.cancelled) timer.callback();
    }
  }

  /** Another thread has called `wake`. */
  #woken(): void {
    read(this.#waker.fd, new BigInt64Array(1), 8);
    const { signals } = this.#waker;
    if (Atomics.exchange(signals, 0, 0) > 0) this.stop();
    for (const [signal, callback] of this.#signalHandlers) {
      for (let count = Atomics.exchange(signals, signal, 0); count > 0; count--) callback();
    }
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    let at = heap.push(timer) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent]!.at > timer.at; parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer {
    const heap = this.#timers;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = at * 2 + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
