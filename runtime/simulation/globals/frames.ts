/**
 * `requestAnimationFrame` and `requestIdleCallback`, on the loop of a simulation.
 *
 * A frame is drawn 60 times a second, where somebody asks for one. Its callbacks share one time; each is a macrotask, one right after
 * the other, so that what one leaves to microtasks is done before the next. Idle callbacks run when nothing else can before the clock
 * moves on.
 *
 * @module
 */

import type { VirtualTimer } from "../loop/virtual_timers.ts";
import type { World } from "../loop/world.ts";
import { firstMoment } from "../loop/first_moment.ts";

/** How long a picture is shown, in ms. */
const frameTime = 1000 / 60;

/** How long an idle callback may take at most, in ms. */
const longestIdle = 50;

/** What an idle callback is given. */
interface IdleDeadline {
  readonly didTimeout: boolean;
  timeRemaining(): number;
}

/** The functions of one world. */
export interface Frames {
  requestAnimationFrame(callback: (time: number) => void): number;
  cancelAnimationFrame(handle: number): void;
  requestIdleCallback(callback: (deadline: IdleDeadline) => void, options?: { timeout?: number }): number;
  cancelIdleCallback(handle: number): void;
}

/** What has been asked for and has not come. */
interface Requests {
  frames: Map<number, (time: number) => void>;
  /** The frame that is being drawn. */
  drawn: Map<number, (time: number) => void>;
  readonly idle: Map<number, VirtualTimer | undefined>;
}

/** Makes the functions; what was asked for belongs to the run it was asked for in. */
export function framesOf(world: World): Frames {
  const ofRun = new WeakMap<object, Requests>();
  let last = 0;

  function requests(): Requests {
    let found = ofRun.get(world.loop);
    if (found === undefined) ofRun.set(world.loop, found = { frames: new Map(), drawn: new Map(), idle: new Map() });
    return found;
  }
  function inContext<A>(callback: (argument: A) => void): (argument: A) => void {
    const captured = world.context.capture();
    return (argument) => void world.context.resume(captured, callback, argument);
  }
  function draw(time: number): void {
    const { loop } = world;
    const all = requests();
    const frame = all.drawn = all.frames;
    all.frames = new Map();
    for (const [handle, callback] of frame) {
      // One that is taken back by another of the same frame does not come.
      loop.callSoon(() => frame.has(handle) && callback(firstMoment + time));
    }
  }

  return {
    requestAnimationFrame(callback) {
      check(callback, "requestAnimationFrame");
      const { loop } = world;
      const { frames } = requests();
      const handle = ++last;
      if (frames.size === 0) {
        const time = (Math.floor(loop.now / frameTime + 1e-9) + 1) * frameTime;
        loop.setTimer(() => draw(time), time - loop.now, "an animation frame");
      }
      frames.set(handle, inContext(callback));
      return handle;
    },
    cancelAnimationFrame(handle) {
      const { frames, drawn } = requests();
      frames.delete(handle);
      drawn.delete(handle);
    },
    requestIdleCallback(callback, options) {
      check(callback, "requestIdleCallback");
      const { loop } = world;
      const { idle } = requests();
      const handle = ++last;
      const run = inContext(callback);
      function come(didTimeout: boolean): void {
        if (!idle.has(handle)) return;
        const timer = idle.get(handle);
        if (timer !== undefined) loop.clearTimer(timer);
        idle.delete(handle);
        const end = didTimeout ? loop.now : Math.min(loop.nextAt, loop.now + longestIdle);
        run({ didTimeout, timeRemaining: () => Math.max(0, end - loop.now) });
      }
      const timeout = options?.timeout ?? 0;
      const timer = timeout > 0
        ? loop.setTimer(() => come(true), timeout, `requestIdleCallback(${timeout})`)
        : undefined;
      idle.set(handle, timer);
      loop.quiet.whenBlocked(() => come(false));
      return handle;
    },
    cancelIdleCallback(handle) {
      const { idle } = requests();
      const timer = idle.get(handle);
      if (timer !== undefined) world.loop.clearTimer(timer);
      idle.delete(handle);
    },
  };
}

function check(callback: unknown, name: string): void {
  if (typeof callback !== "function") throw new TypeError(`${name} takes a function: received ${String(callback)}`);
}
