/**
 * A program of callbacks on the loop of the real host.
 *
 * @module
 */

import { checkFiniteDuration } from "../../basics/check.ts";
import { keepAlive, startsClearedAnew } from "../../hosts/common/timers.ts";
import { checkCallback } from "../model/loop_model.ts";
import type { LoopApi, LoopHandle, LoopProgram } from "../model/loop_program.ts";
import { canClose, closeHandle, type HostOperations, openOperations } from "./host_operations.ts";

interface Callbacks {
  (fn: () => void): unknown;
}

/** The host's own functions, whatever stands in their place later. */
const { setTimeout, clearTimeout, queueMicrotask, MessageChannel, performance } = globalThis;
const { setImmediate, clearImmediate, requestAnimationFrame, process, Bun } = globalThis as unknown as {
  setImmediate?: Callbacks;
  clearImmediate?: (handle: unknown) => void;
  requestAnimationFrame?: Callbacks;
  process?: { nextTick?: Callbacks };
  Bun?: unknown;
};
const nextTick = process?.nextTick;

/**
 * Runs a program of callbacks on the loop of the host, from where its main script would hand over to the loop, and resolves to
 * its log when all callbacks have run.
 *
 * @throws {TypeError} at the call, for what is no function.
 * @throws (rejection) what the program or a callback of it throws: `TypeError` for a member that the host lacks. Callbacks
 * that are still to come then do not run.
 *
 * @example
 * ```ts
 * import { observeOrder } from "@millrace/millrace/testing";
 *
 * const order = await observeOrder((loop) => {
 *   loop.setTimeout(() => loop.log("timer"), 1);
 *   loop.promise(() => loop.log("promise"));
 *   loop.log("main");
 * });
 * console.log(order.join(" "));
 * // -> main promise timer
 * ```
 */
export function observeOrder(program: LoopProgram): Promise<string[]> {
  checkCallback(program, "An observation");
  return new Promise((resolve, reject) => new Observation(program, resolve, reject).begin());
}

class HostHandle implements LoopHandle {
  readonly kind: "timeout" | "immediate";
  state: "waiting" | "running" | "over" | "cleared" = "waiting";
  handle: unknown = undefined;

  constructor(kind: "timeout" | "immediate") {
    this.kind = kind;
  }
}

/** One run of a program on the host. */
class Observation implements LoopApi {
  readonly #entries: string[] = [];
  readonly #program: LoopProgram;
  readonly #resolve: (entries: string[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #timers = new Set<HostHandle>();
  /** Callbacks that are still to come. */
  #pending = 0;
  #over = false;
  /** Ticks that Deno leaves behind a close callback hold no process. */
  readonly #release: () => void = keepAlive();
  #operations: HostOperations | undefined;
  /** What the main script closes; it is closed only when the loop begins. */
  #closedByMain: (() => void)[] | undefined;

  constructor(program: LoopProgram, resolve: (entries: string[]) => void, reject: (error: unknown) => void) {
    this.#program = program;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /**
   * Runs the program in a callback after which the loop comes to its timers. On Node and Deno the close phase lies between;
   * what the program closes waits until it is over, because the main script of a process has no close phase behind it.
   */
  begin(): void {
    openOperations((operations) => {
      this.#operations = operations;
      this.#runMain();
    });
  }

  #runMain(): void {
    const main = this.#callback(() => this.#program(this));
    if (setImmediate === undefined) return void setTimeout(main, 0);
    // Bun runs the first tick of a process ahead of the microtask that queued it.
    nextTick!(() => {
      setImmediate(() => {
        if (Bun === undefined) {
          this.#closedByMain = [];
          closeHandle(() => {
            const held = this.#closedByMain!;
            this.#closedByMain = undefined;
            held.forEach(closeHandle);
          });
        }
        main();
      });
    });
  }

  log(entry: string): void {
    if (typeof entry !== "string") {
      throw new TypeError(`An entry of the log has to be a string: received ${String(entry)}`);
    }
    if (!this.#over) this.#entries.push(entry);
  }

  setTimeout(fn: () => void, ms: number): LoopHandle {
    checkCallback(fn, "setTimeout");
    const handle = new HostHandle("timeout");
    const run = this.#callback(fn);
    this.#timers.add(handle);
    handle.handle = setTimeout(() => {
      handle.state = "running";
      run();
      if (handle.state === "running") handle.state = "over";
    }, ms);
    return handle;
  }

  setImmediate(fn: () => void): LoopHandle {
    checkCallback(fn, "setImmediate");
    const handle = new HostHandle("immediate");
    const start = present(setImmediate, "setImmediate");
    const run = this.#callback(fn);
    handle.handle = start(() => {
      handle.state = "over";
      run();
    });
    return handle;
  }

  clear(handle: LoopHandle): void {
    if (!(handle instanceof HostHandle)) {
      throw new TypeError(`clear takes what setTimeout or setImmediate returned: received ${String(handle)}`);
    }
    if (handle.kind === "timeout") clearTimeout(handle.handle as number);
    else clearImmediate!(handle.handle);
    const { state } = handle;
    if (state === "over" && startsClearedAnew()) return;
    handle.state = "cleared";
    if (state === "waiting") this.#pending--;
  }

  refresh(handle: LoopHandle): void {
    if (!(handle instanceof HostHandle) || handle.kind !== "timeout") {
      throw new TypeError("Only a timer can be refreshed");
    }
    const timer = handle.handle as { refresh?: () => void };
    present(timer.refresh, "refresh").call(timer);
    if (handle.state !== "over" && handle.state !== "running") return;
    handle.state = "waiting";
    this.#pending++;
  }

  nextTick(fn: () => void): void {
    checkCallback(fn, "nextTick");
    present(nextTick, "nextTick")(this.#callback(fn));
  }

  queueMicrotask(fn: () => void): void {
    checkCallback(fn, "queueMicrotask");
    queueMicrotask(this.#callback(fn));
  }

  promise(fn: () => void): void {
    checkCallback(fn, "promise");
    Promise.resolve().then(this.#callback(fn));
  }

  io(fn: () => void): void {
    checkCallback(fn, "io");
    this.#operations!.start(this.#callback(fn));
  }

  close(fn: () => void): void {
    checkCallback(fn, "close");
    present(canClose || undefined, "close");
    const run = this.#callback(fn);
    if (this.#closedByMain === undefined) closeHandle(run);
    else this.#closedByMain.push(run);
  }

  message(fn: () => void): void {
    checkCallback(fn, "message");
    const { port1, port2 } = new MessageChannel();
    const run = this.#callback(fn);
    port1.onmessage = () => {
      port1.close();
      run();
    };
    port2.postMessage(undefined);
  }

  animationFrame(fn: () => void): void {
    checkCallback(fn, "animationFrame");
    present(requestAnimationFrame, "animationFrame")(this.#callback(fn));
  }

  spin(ms: number): void {
    checkFiniteDuration(ms, "The time to spin");
    const end = performance.now() + ms;
    while (performance.now() < end);
  }

  /** A callback of the program; the observation is over after the last of them. */
  #callback(fn: () => void): () => void {
    this.#pending++;
    return () => {
      if (this.#over) return;
      this.#pending--;
      try {
        fn();
      } catch (error) {
        return this.#end(() => this.#reject(error));
      }
      if (this.#pending === 0) this.#end(() => this.#resolve(this.#entries));
    };
  }

  #end(settle: () => void): void {
    this.#over = true;
    this.#release();
    for (const { handle } of this.#timers) clearTimeout(handle as number);
    this.#operations!.end(settle);
  }
}

/** A function of the host that not every host has. */
function present<T>(member: T | undefined, name: string): T {
  if (member === undefined) throw new TypeError(`This host has no ${name}`);
  return member;
}
