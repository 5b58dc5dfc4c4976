/**
 * `setTimeout` and its relatives, on the loop of a simulation.
 *
 * @module
 */

import { builtin } from "../../hosts/common/node_process.ts";
import type { SimulatedLoop } from "../loop/loop.ts";
import type { LoopEvent } from "../loop/loop_event.ts";
import type { VirtualTimer } from "../loop/virtual_timers.ts";
import type { World } from "../loop/world.ts";
import type { VirtualThread } from "../workers/workers.ts";
import { promisified } from "./stand_ins.ts";
import { clamped, delayOf } from "./timer_delay.ts";

/** Numbers of timers begin here: the host's own are smaller, and one must not be taken for another. */
const firstNumber = 2 ** 40;

type Callback = (...args: unknown[]) => unknown;

/** What `setTimeout` returns: what Node, Deno and Bun return, and a number where one is asked for, as in browsers. */
export class SimulatedTimeout {
  readonly #loop: SimulatedLoop;
  readonly #timer: VirtualTimer;
  /** Those whose number has been asked for, for each loop. */
  static readonly #numbered: WeakMap<SimulatedLoop, Map<number, SimulatedTimeout>> = new WeakMap();

  constructor(loop: SimulatedLoop, timer: VirtualTimer) {
    this.#loop = loop;
    this.#timer = timer;
  }

  ref(): this {
    this.#loop.timers.reference(this.#timer, { referenced: true, wakes: true });
    return this;
  }

  unref(): this {
    this.#loop.timers.reference(this.#timer, { referenced: false, wakes: true });
    return this;
  }

  hasRef(): boolean {
    return this.#timer.referenced;
  }

  refresh(): this {
    this.#loop.refresh(this.#timer);
    return this;
  }

  close(): this {
    this.#loop.clearTimer(this.#timer);
    return this;
  }

  [Symbol.toPrimitive](): number {
    let numbered = SimulatedTimeout.#numbered.get(this.#loop);
    if (numbered === undefined) SimulatedTimeout.#numbered.set(this.#loop, numbered = new Map());
    const number = firstNumber + this.#timer.id;
    numbered.set(number, this);
    return number;
  }

  /** The timer of a number that was given out. */
  static byNumber(loop: SimulatedLoop, id: number): SimulatedTimeout | undefined {
    return SimulatedTimeout.#numbered.get(loop)?.get(id);
  }
}

// Node 20.0 to 20.3 lack the symbol.
const dispose: symbol | undefined = (Symbol as { dispose?: symbol }).dispose;
if (dispose !== undefined) {
  Object.defineProperty(SimulatedTimeout.prototype, dispose, { value: SimulatedTimeout.prototype.close });
}

/** What `setImmediate` returns. */
class SimulatedImmediate {
  readonly #loop: SimulatedLoop;
  readonly #event: LoopEvent;

  constructor(loop: SimulatedLoop, event: LoopEvent) {
    this.#loop = loop;
    this.#event = event;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  clear(): void {
    this.#loop.immediates.clear(this.#event);
  }
}

/** A callback that runs in the async context in which it was asked for. */
function inContext(world: World, fn: Callback, args: readonly unknown[]): () => void {
  const { context } = world;
  const captured = context.capture();
  return () => void context.resume(captured, (all: readonly unknown[]) => fn(...all), args);
}

function check(fn: unknown, name: string): asserts fn is Callback {
  if (typeof fn !== "function") throw new TypeError(`${name} takes a function: received ${String(fn)}`);
}

/** What it finds there: the function of `node:timers/promises` as it is when it is called. */
function promises(name: string): Record<symbol, Callback> {
  return { [promisified]: (...args) => builtin<Record<string, Callback>>("node:timers/promises")[name]!(...args) };
}

/** The functions, by the names they have in `globalThis` and in `node:timers`. */
export function timersOf(world: World): Record<string, Callback> {
  function start(name: "setTimeout" | "setInterval", fn: unknown, ms: unknown, args: unknown[]): SimulatedTimeout {
    check(fn, name);
    const { loop } = world;
    let { nesting } = loop;
    const thread = world.threads.get() as VirtualThread | undefined;
    const delay = clamped(world, delayOf(world, ms), nesting);
    const run = inContext(world, fn, args);
    const fire = (): void => {
      loop.nesting = ++nesting;
      if (timer.repeat) timer.delay = clamped(world, timer.delay, nesting);
      else thread?.timers.delete(timer);
      try {
        run();
      } catch (error) {
        if (thread === undefined) throw error;
        thread.fail(error);
      } finally {
        // Microtasks do not inherit it.
        loop.nesting = 0;
      }
    };
    const timer = loop.setTimer(fire, delay, `${name}(${delay})`, { repeat: name === "setInterval" });
    thread?.timers.add(timer);
    return new SimulatedTimeout(loop, timer);
  }
  /** What is no handle of a simulation is one of the host's. */
  function clearOr(name: "clearTimeout" | "clearInterval" | "clearImmediate"): Callback {
    const own = (globalThis as unknown as Record<string, Callback>)[name];
    return (handle) => {
      if (handle instanceof SimulatedTimeout) return void handle.close();
      if (handle instanceof SimulatedImmediate) return handle.clear();
      const isNumber = typeof handle === "number" || typeof handle === "string";
      const numbered = isNumber ? SimulatedTimeout.byNumber(world.loop, Number(handle)) : undefined;
      if (numbered === undefined) own?.(handle);
      else numbered.close();
    };
  }
  return {
    setTimeout: Object.assign(
      (fn: unknown, ms: unknown, ...args: unknown[]) => start("setTimeout", fn, ms, args),
      promises("setTimeout"),
    ),
    setInterval: (fn, ms, ...args) => start("setInterval", fn, ms, args),
    setImmediate: Object.assign((fn: unknown, ...args: unknown[]) => {
      check(fn, "setImmediate");
      const { loop } = world;
      return new SimulatedImmediate(loop, loop.setImmediate(inContext(world, fn, args)));
    }, promises("setImmediate")),
    clearTimeout: clearOr("clearTimeout"),
    clearInterval: clearOr("clearInterval"),
    clearImmediate: clearOr("clearImmediate"),
  };
}
