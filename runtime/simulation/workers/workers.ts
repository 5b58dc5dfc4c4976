/**
 * Workers for the pools of a simulation: their code runs in this thread, on the simulated loop, and what goes between a pool and a
 * worker is a message of the schedule.
 *
 * ```
 *   spawned ──messages, in order each way──> ... ──terminate──> ending ──its end, an event──> dead
 *                                             └──the schedule lets it die (Workers.exits)──────┘
 * ```
 *
 * @module
 */

import type { HostParent, HostWorker, HostWorkerOptions } from "../../port/worker.ts";
import { anyTime } from "../loop/loop_event.ts";
import type { Owner } from "../loop/owner.ts";
import type { VirtualTimer } from "../loop/virtual_timers.ts";
import type { World } from "../loop/world.ts";

/** What a body can do to the workers of its simulation. */
export interface Workers {
  /**
   * How many workers may still die, as of a crash: before a message reaches them, or after what they did and before it is told.
   * When and whether they do is a choice of the schedule; in order of arrival none does. Default: 0.
   */
  exits: number;
}

/** The code of a virtual worker, as the layer above starts it. */
export interface WorkerCode {
  /** Calls `fn` as code of the worker. */
  run(fn: () => void): void;
  /** The worker is dead: what its code still waits for ends. */
  end(): void;
}

/** Starts the code of a worker, which takes messages from `parent`. */
export type StartWorker = (parent: HostParent, world: object) => WorkerCode;

/** What stays the same over the runs of a session. */
export interface WorkerSettings {
  readonly world: World;
  readonly start: StartWorker;
}

/** Modules that were loaded: in a later run no time of the real world passes for them. */
const modules = new Map<string, Record<string, unknown>>();

/** The workers of one run. */
export class SimulatedWorkers implements Workers {
  exits = 0;
  readonly #alive = new Set<SimulatedWorker>();
  #spawned = 0;

  /** `HostThreads.spawn`. */
  spawn(options: HostWorkerOptions, settings: WorkerSettings): HostWorker {
    const name = `worker ${++this.#spawned} of ${options.name}`;
    const worker = new SimulatedWorker(name, options, settings, this);
    this.#alive.add(worker);
    worker.start();
    return worker;
  }

  /** A worker is dead. */
  leave(worker: SimulatedWorker): void {
    this.#alive.delete(worker);
  }

  /** A program has ended, and its threads with it: nothing of them runs any more, and nobody is told. */
  forget(owner: Owner): void {
    for (const worker of this.#alive) if (worker.owner === owner) worker.vanish();
  }

  /** The workers that have not been told to end. */
  get left(): readonly SimulatedWorker[] {
    return [...this.#alive].filter(({ ending }) => !ending);
  }

  /** Ends all, at the end of the run. */
  end(): void {
    for (const worker of this.#alive) worker.die();
  }
}

/** What the code of a worker has begun outside of Millrace. */
export class VirtualThread {
  readonly timers: Set<VirtualTimer> = new Set();
  /** An error that a callback threw and nobody caught: it ends the worker. */
  readonly fail: (error: unknown) => void;

  constructor(fail: (error: unknown) => void) {
    this.fail = fail;
  }
}

/** The way of a message between a pool and a worker. */
interface Passage {
  readonly label: string;
  /** Messages of one port keep their order. */
  readonly port: object;
  readonly take: (copy: unknown) => void;
}

/** A worker of a simulation. */
export class SimulatedWorker implements HostWorker {
  readonly name: string;
  readonly place: Error | undefined;
  /** The program that has started it, where there are machines. */
  readonly owner: Owner | undefined;
  ending = false;
  readonly #options: HostWorkerOptions;
  readonly #settings: WorkerSettings;
  readonly #workers: SimulatedWorkers;
  /** What stands for the order of the messages in each direction. */
  readonly #inward: object = {};
  readonly #outward: object = {};
  readonly #thread: VirtualThread = new VirtualThread((error) => this.die(1, error));
  #code: WorkerCode | undefined;
  #listener: ((message: unknown) => void) | undefined;
  #dead = false;

  constructor(
    name: string,
    options: HostWorkerOptions,
    settings: WorkerSettings,
    workers: SimulatedWorkers,
  ) {
    this.name = name;
    const { loop } = settings.world;
    this.place = loop.place;
    this.owner = loop.asker;
    this.#options = options;
    this.#settings = settings;
    this.#workers = workers;
  }

  start(): void {
    const { world, start } = this.#settings;
    const { loop } = world;
    this.#code = start({
      now: () => loop.now,
      memory: () => 0,
      load: (module) => this.#load(module),
      post: (message, transfer) =>
        this.#send(message, transfer, {
          label: `a message of ${this.name}`,
          port: this.#outward,
          take: (copy) => this.#options.onMessage(copy),
        }),
      listen: (onMessage) => void (this.#listener = onMessage),
    }, this.#thread);
  }

  post(message: unknown, transfer: Transferable[]): void {
    this.#send(message, transfer, {
      label: `a message to ${this.name}`,
      port: this.#inward,
      take: (copy) => {
        this.#settings.world.threads.run(this.#thread, () => this.#code!.run(() => this.#listener!(copy)), undefined);
      },
    });
  }

  hold(): void {}

  terminate(): void {
    if (this.ending || this.#dead) return;
    this.ending = true;
    this.#settings.world.loop.deliver(() => this.die(1), `the end of ${this.name}`, { port: this });
  }

  /** It is no more, and nothing of it comes to an end. */
  vanish(): void {
    this.#dead = true;
    this.#workers.leave(this);
  }

  /** The thread ends; with a code it is told. */
  die(code?: number, error?: unknown): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#workers.leave(this);
    const { loop } = this.#settings.world;
    for (const timer of this.#thread.timers) loop.clearTimer(timer);
    this.#code!.end();
    if (code !== undefined) this.#options.onExit({ code, error });
  }

  /** One message, after those before it of the same direction; it takes a time that nobody knows. */
  #send(message: unknown, transfer: Transferable[], { label, port, take }: Passage): void {
    const copy: unknown = structuredClone(message, { transfer });
    if (this.#dead) return;
    const { loop } = this.#settings.world;
    loop.deliver(
      () => {
        if (this.#dead) return;
        const mayDie = this.#workers.exits > 0 && !this.ending;
        if (!mayDie || !loop.ways.fault(label, `the death of ${this.name}`)) return take(copy);
        this.#workers.exits--;
        this.die(1);
      },
      label,
      { port, at: anyTime },
    );
  }

  /** The loop of the simulation waits for a module that has not been loaded before. */
  async #load(module: string): Promise<Record<string, unknown>> {
    const known = modules.get(module);
    if (known !== undefined) return known;
    const { world } = this.#settings;
    world.loading++;
    try {
      const loaded = await import(/* webpackIgnore: true */ /* @vite-ignore */ module) as Record<string, unknown>;
      modules.set(module, loaded);
      return loaded;
    } finally {
      world.loading--;
    }
  }
}
