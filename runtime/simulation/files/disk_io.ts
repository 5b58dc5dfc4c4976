/**
 * How calls on a disk come to their end: as events of the loop.
 *
 * @module
 */

import type { SimulatedDisk } from "../disk/disk.ts";
import { abortError } from "../disk/errors.ts";
import type { World } from "../loop/world.ts";
import { once, type Steps } from "./steps.ts";

/** The disk of the running code, and the loop. */
export class DiskIo {
  readonly world: World;
  readonly disk: SimulatedDisk;

  constructor(world: World, disk: SimulatedDisk) {
    this.world = world;
    this.disk = disk;
  }

  /** Takes steps, each in an event of its own; what is told of their end is told in the event of the last. */
  drive<T>(
    steps: Steps<T>,
    signal: AbortSignal | undefined,
    done: (value: T) => void,
    failed: (error: unknown) => void,
  ): void {
    const { world: { loop }, disk } = this;
    const advance = (): void => {
      let next: IteratorResult<string, T>;
      try {
        if (signal?.aborted === true) {
          // What it has opened is closed.
          steps.return(undefined as T);
          throw abortError(signal.reason);
        }
        next = steps.next();
      } catch (error) {
        return failed(error);
      }
      if (next.done === true) return done(next.value);
      const label = next.value;
      loop.complete(() => disk.begins(label) && advance(), label, { latency: disk.takes(label) });
    };
    advance();
  }

  take<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => this.drive(steps, signal, resolve, reject));
  }

  /** One operation. */
  run<T>(label: string, fn: () => T): Promise<T> {
    return this.take(once(label, fn));
  }
}

/** Takes all steps at one instant. */
export function takeAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}
