/**
 * What a simulation puts in the place of the host's own functions, while it runs.
 *
 * @module
 */

import { Random } from "../../basics/random.ts";
import { currentHost } from "../../current_host.ts";
import { builtin } from "../../hosts/common/node_process.ts";
import { keepFunctions } from "../../hosts/common/timers.ts";
import type { ContextSlot } from "../../port/host.ts";
import { bodyMethods } from "../globals/bodies.ts";
import { dateOf, simulatedClock, temporalOf, timeStampOf } from "../globals/clock.ts";
import { type Frames, framesOf } from "../globals/frames.ts";
import { messageChannelOf } from "../globals/message_channel.ts";
import { doors } from "../globals/real_io.ts";
import { timersOf } from "../globals/timers.ts";
import { timersPromisesOf } from "../globals/timers_promises.ts";
import { refusal } from "../loop/errors.ts";
import { SimulatedLoop } from "../loop/loop.ts";
import type { Choose } from "../loop/loop_event.ts";
import type { World, WorldSettings } from "../loop/world.ts";
import { SimulatedNetwork } from "../network/network.ts";
import { SimulatedWorkers } from "../workers/workers.ts";

/** What one run is made with. */
export interface RunSettings {
  readonly choose: Choose;
  readonly seed: number;
  readonly keepPlaces: boolean;
  /** Is told what each macrotask is called, as it runs. */
  readonly observe?: ((label: string) => void) | undefined;
  /** After how many macrotasks a body that has not ended is taken for a livelock. */
  readonly maxSteps: number;
}

/** Any number of runs, one after the other, in which the functions of the host are simulated. */
export class Session implements World {
  readonly settings: WorldSettings;
  readonly context: ContextSlot = currentHost().openContext();
  wall = 0;
  loop!: SimulatedLoop;
  random!: Random;
  network!: SimulatedNetwork;
  workers!: SimulatedWorkers;
  loading = 0;
  readonly threads: ContextSlot = currentHost().openContext();
  /** Is called with each unhandled rejection. */
  onUnhandled: (error: unknown) => void = () => {};
  /** Is called with each error that a tick or a microtask throws. */
  onUncaught: (error: unknown) => void = () => {};
  readonly frames: Frames = framesOf(this);
  readonly #restores: (() => void)[] = [];

  constructor(settings: WorldSettings) {
    this.settings = settings;
  }

  /** Puts the simulated functions in place; those of another session must not be. */
  open(): void {
    try {
      this.#restores.push(keepFunctions());
      this.#replaceGlobals();
      this.#replaceModules();
      this.#catchErrors();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Puts everything back, identical to what it was. */
  close(): void {
    for (let restore = this.#restores.pop(); restore !== undefined; restore = this.#restores.pop()) restore();
  }

  /** Begins a run: a new loop, at time 0. */
  begin(settings: RunSettings): void {
    this.loop = new SimulatedLoop(settings.choose, {
      keepPlaces: settings.keepPlaces,
      shortestDelay: this.settings.shortestDelay,
      observe: settings.observe,
    });
    this.random = new Random(settings.seed);
    this.wall = this.settings.startTime;
    this.network = new SimulatedNetwork(this);
    this.workers = new SimulatedWorkers();
  }

  #replaceGlobals(): void {
    const global = globalThis as unknown as Record<string, object>;
    const timers = timersOf(this);
    for (const [name, value] of Object.entries(timers)) {
      if (global[name] !== undefined) this.#replace(global, name, value);
    }
    if (this.settings.isBrowser) {
      for (const [name, value] of Object.entries(this.frames)) this.#replace(global, name, value);
    }
    this.#replace(global, "Date", dateOf(this));
    const temporal = temporalOf(this);
    for (const [name, value] of Object.entries(temporal?.functions ?? {})) this.#replace(temporal!.target, name, value);
    this.#replace(global, "MessageChannel", messageChannelOf(this));
    const clock = simulatedClock(this);
    this.#replace(performance, "now", clock.now);
    this.#replaceGetter(Event.prototype, "timeStamp", timeStampOf(this));
    this.#replaceGetter(performance, "timeOrigin", () => this.settings.startTime);
    this.#replace(AbortSignal, "timeout", clock.abortAfter);
    this.#replace(Math, "random", () => this.random.number());
    this.#replace(crypto, "getRandomValues", <T extends ArrayBufferView>(array: T): T => this.#fill(array));
    this.#replace(crypto, "randomUUID", () => this.#uuid());
    for (const [name, value] of Object.entries(bodyMethods())) {
      for (const { prototype } of [Request, Response]) this.#replace(prototype, name, value);
    }
    if (this.settings.allowRealIo) return;
    this.#replace(global, "fetch", (input: RequestInfo | URL, init?: RequestInit) => this.network.fetch(input, init));
    for (const { target, name, call } of doors()) this.#replace(target, name, refusal(call));
  }

  #replaceModules(): void {
    const { process } = globalThis as unknown as { process?: { getBuiltinModule?: unknown; hrtime: object } };
    if (process?.getBuiltinModule === undefined) return;
    this.#replace(process, "hrtime", simulatedClock(this).hrtime);
    const promises = builtin<Record<string, unknown>>("node:timers/promises");
    for (const [name, value] of Object.entries(timersPromisesOf(this))) this.#replace(promises, name, value);
    const timers = builtin<Record<string, unknown>>("node:timers");
    for (const [name, value] of Object.entries(timersOf(this))) this.#replace(timers, name, value);
    // On Node this reaches named imports too; on Deno and Bun those keep what they were bound to.
    const { syncBuiltinESMExports } = builtin<{ syncBuiltinESMExports?: () => void }>("node:module");
    this.#restores.unshift(() => syncBuiltinESMExports?.());
    syncBuiltinESMExports?.();
  }

  /** Errors that nobody catches are the simulation's, and not the test runner's, while it runs; where the host lets it. */
  #catchErrors(): void {
    const { process } = globalThis as unknown as { process?: Emitter };
    if (typeof process?.listeners !== "function") return this.#catchEvents();
    this.#listenAlone(process, "unhandledRejection", (error) => this.onUnhandled(error));
    this.#listenAlone(process, "uncaughtException", (error) => this.onUncaught(error));
  }

  /** A page tells of them by events; the listeners that it has already are told first. */
  #catchEvents(): void {
    if (typeof globalThis.addEventListener !== "function") return;
    this.#takeEvents<PromiseRejectionEvent>("unhandledrejection", ({ reason }) => this.onUnhandled(reason));
    this.#takeEvents<ErrorEvent>("error", ({ error }) => this.onUncaught(error));
  }

  #takeEvents<E extends Event>(type: string, tell: (event: E) => void): void {
    const listener = (event: Event): void => {
      event.preventDefault();
      event.stopImmediatePropagation();
      tell(event as E);
    };
    globalThis.addEventListener(type, listener);
    this.#restores.push(() => globalThis.removeEventListener(type, listener));
  }

  #listenAlone(process: Emitter, name: string, listener: (error: unknown) => void): void {
    const others = process.listeners(name);
    for (const other of others) process.off(name, other);
    process.on(name, listener);
    this.#restores.push(() => {
      process.off(name, listener);
      for (const other of others) process.on(name, other);
    });
  }

  #replace(target: object, name: string, value: unknown): void {
    this.#define(target, name, { value, writable: true, configurable: true, enumerable: true });
  }

  #replaceGetter(target: object, name: string, get: (this: never) => unknown): void {
    this.#define(target, name, { get, configurable: true, enumerable: true });
  }

  #define(target: object, name: string, replacement: PropertyDescriptor): void {
    const before = Object.getOwnPropertyDescriptor(target, name);
    if (before === undefined && !Object.isExtensible(target)) return;
    if (before?.configurable === false) {
      // Some of Bun's can be assigned to, but not defined anew; what can be neither stays as it is.
      if (before.writable !== true || !("value" in replacement)) return;
      Object.defineProperty(target, name, { value: replacement.value });
      this.#restores.push(() => void Object.defineProperty(target, name, { value: before.value }));
      return;
    }
    const { enumerable = true } = before ?? {};
    Object.defineProperty(target, name, { ...replacement, enumerable });
    this.#restores.push(() => {
      if (before === undefined) delete (target as Record<string, unknown>)[name];
      else Object.defineProperty(target, name, before);
    });
  }

  #fill<T extends ArrayBufferView>(array: T): T {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let index = 0; index < bytes.length; index++) bytes[index] = this.random.integer();
    return array;
  }

  #uuid(): string {
    const bytes = this.#fill(new Uint8Array(16));
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
}

interface Emitter {
  listeners(name: string): ((error: unknown) => void)[];
  on(name: string, listener: (error: unknown) => void): void;
  off(name: string, listener: (error: unknown) => void): void;
}

/** What the layers above have to say about a run. */
export interface RunHooks {
  /** A run begins. */
  onBegin(): void;
  /** The unfinished tasks, each with what it waits for. */
  unfinished(): readonly string[];
  /** Unfinished tasks of which each waits for the next, and the last for the first. */
  cycle(): readonly string[];
  /** What else was left behind, and where it was made. */
  left(): readonly { what: string; place: Error | undefined }[];
  /** What stands for the flow of control, to `isCancelled`. */
  scope(): object | undefined;
  isCancelled(scope: object): boolean;
}
