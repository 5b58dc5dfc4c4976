/**
 * The loop: a host with the run queue, the timers and the ambient context that Millrace lays over it. There is one for
 * the process, and another one in its place while a simulation runs.
 *
 * @module
 */

import { currentHost } from "../../runtime/current_host.ts";
import type { ContextSlot, Host } from "../../runtime/port/host.ts";
import { RunQueue } from "./run_queue.ts";
import { TimerQueue } from "./timer_queue.ts";

/** What `configure` has set, for every loop that is made from then on. */
export const defaults: { slice: number; ageing: number } = { slice: 5, ageing: 5000 };

/** How much of a slice timers that expire together may use: they come on top of the entries of an iteration of the loop. */
const timersShare = 0.2;

/** How much of a slice the telling of a cancellation may use before others get the loop. */
const tellingShare = 0.2;

/** What the floor above the host is made of. */
export class Loop {
  readonly host: Host;
  readonly queue: RunQueue;
  readonly timers: TimerQueue;
  /** Holds the innermost scope of the flow of control. */
  readonly context: ContextSlot;
  /**
   * How members of a cancelled scope are told of it: so many between two looks at the clock, so many in a turn, and for so long, in ms.
   */
  readonly telling: { stride: number; batch: number; time: number } = { stride: 32, batch: 256, time: 0 };

  /** How long all entries of the run queue together may run before timers and I/O get the loop, in ms. */
  get slice(): number {
    return this.queue.slice;
  }

  set slice(slice: number) {
    this.queue.slice = slice;
    this.timers.slice = slice * timersShare;
    this.telling.time = slice * tellingShare;
  }

  constructor(host: Host) {
    this.host = host;
    this.queue = new RunQueue(host);
    Object.assign(this.queue, defaults);
    this.timers = new TimerQueue(host, this.queue.slice * timersShare);
    this.telling.time = this.queue.slice * tellingShare;
    this.context = host.openContext();
  }
}

let current: Loop | undefined;

/** The loop in use, made on the first call. */
export function loop(): Loop {
  return current ??= new Loop(currentHost());
}

/** Puts another loop in place of the current one and returns that; for simulations. */
export function replaceLoop(other: Loop): Loop {
  const replaced = loop();
  current = other;
  return replaced;
}

/** The place of the loop, while simulations have it. */
export interface LoopLoan {
  /** The next call of `loop` makes a new one, on the current host. */
  renew(): void;
  /** Has there been such a call? */
  isUsed(): boolean;
  /** Puts another loop in the place of the one there is, if there is one. */
  replace(make: (before: Loop | undefined) => Loop): void;
  /** Puts the loop back that was there before. */
  end(): void;
}

/** Lends the place of the loop to simulations; unlike `replaceLoop` it makes none that nobody asks for. */
export function lendLoop(): LoopLoan {
  const before = current;
  current = undefined;
  return {
    renew: () => void (current = undefined),
    isUsed: () => current !== undefined,
    replace: (make) => void (current = make(current)),
    end: () => void (current = before),
  };
}
