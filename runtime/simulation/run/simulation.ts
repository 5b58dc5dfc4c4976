/**
 * What the body of a simulation is given.
 *
 * @module
 */

import { checkCount, checkFiniteDuration, checkFunction, checkOptions, show } from "../../basics/check.ts";
import type { FaultsSettings } from "../faults/settings.ts";
import type { Machine, MachineOptions, Program } from "../machines/machine.ts";
import type { Network } from "../network/network.ts";
import type { Workers } from "../workers/workers.ts";
import type { Check } from "./checks.ts";
import type { Session } from "./session.ts";
import type { RunHooks } from "./run_settings.ts";

/** What a body can ask of the simulation it runs in. */
export interface Simulation {
  /** Milliseconds of the simulated wall clock: `Date.now()`, with fractions. */
  now(): number;
  /** How many macrotasks have run. */
  readonly steps: number;
  /**
   * An operation of the world outside: resolves in a macrotask of its own, after `latency` ms. Without a latency it completes at
   * once under `simulate`, and at any time under `explore`. Schedules call it by its label.
   */
  io(label?: string, options?: IoOptions): Promise<void>;
  /**
   * Sets the wall clock, as people and time servers do: `Date` and `now()` jump to `time`, in ms since 1970; timers and the monotonic
   * `performance.now()` do not.
   */
  setSystemTime(time: number): void;
  /** Resolves when nothing more can run before the clock moves on. */
  allBlocked(): Promise<void>;
  /**
   * Resolves when nothing is left that was begun and has to end: no timer that holds the process, no operation, no message. For what
   * goes on behind a timeout: `await sim.settled()` at the end of a body lets it come to its own end.
   */
  settled(): Promise<void>;
  /** The network on which `fetch` reaches the servers of the same simulation. */
  readonly network: Network;
  /** The workers of pools, whose code runs in this thread as if in threads of its own. */
  readonly workers: Workers;
  /**
   * Does what is called `label` go wrong this time? No in order of arrival; in other schedules of `explore` it does. For whatever can
   * fail: a refused call, a crash, a message that comes twice.
   */
  fault(label: string, options?: FaultOptions): boolean;
  /**
   * A machine with a program of its own, `main`, which starts in a macrotask of its own: its timers, clocks, random numbers, servers,
   * connections and files are apart from all others'. It reaches others, and they it, by `fetch`, `connect` and `serve` over
   * `sim.network`, by name: `http://NAME:PORT`; `localhost` is the machine itself. What its module keeps in variables is not apart: make
   * state in `main`, or give the URL of a module whose default export is the program, which is loaded anew for each life (what it imports
   * is not).
   *
   * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range, and for a name that is taken.
   *
   * @example
   * ```ts
   * import { serve } from "@millrace/millrace/io";
   * import { simulate } from "@millrace/millrace/testing";
   *
   * await simulate(async (sim) => {
   *   const server = async () => await serve(() => new Response("hello"), { port: 80 });
   *   const machine = sim.machine("web-1", server);
   *   await sim.allBlocked();
   *   console.log(await (await fetch("http://web-1/")).text());
   *   // -> hello
   *   machine.kill();
   *   console.log(machine.state);
   *   // -> killed
   * });
   * ```
   */
  machine(name: string, main: Program | URL, options?: MachineOptions): Machine;
  /**
   * From now on faults may happen to machines and to the network between them, such as these settings allow: `explore` searches them as it
   * searches orders, and `soak` draws them from each seed, where they are allowed from the beginning. Without a search none happens.
   *
   * @example
   * ```ts
   * import { explore } from "@millrace/millrace/testing";
   *
   * await explore((sim) => sim.faults({ kinds: ["kill", "loss"], atMost: 1 }));
   * ```
   */
  faults(settings?: FaultsSettings): void;
  /**
   * From now on no faults happen any more, and what goes on of them ends: the network is whole, machines go on, and those are started that
   * are down and have somebody to start them (`restart`). For the end of a body, before it looks at what has come of everything.
   */
  calm(): void;
  /**
   * Has to hold after each macrotask, of any machine, with all its microtasks: the run fails with an {@linkcode InvariantError} when `check`
   * answers `false` or throws. It looks at what there is, and asks nothing of the simulation.
   *
   * @example
   * ```ts
   * import { simulate } from "@millrace/millrace/testing";
   *
   * await simulate((sim) => {
   *   const leaders = new Set<string>();
   *   sim.always("at most one leader", () => leaders.size <= 1);
   *   leaders.add("a");
   * });
   * ```
   */
  always(name: string, check: Check): void;
  /**
   * Has to come about: `check` does not answer `false` nor throw after some macrotask, within so many ms of the loop's clock from now, or
   * from the last thing that was done to machines or to the network. Resolves when it has; the run fails with an
   * {@linkcode InvariantError} when the time is over, or the body ends before.
   *
   * @example
   * ```ts
   * import { simulate } from "@millrace/millrace/testing";
   *
   * await simulate(async (sim) => {
   *   let isReady = false;
   *   setTimeout(() => isReady = true, 1000);
   *   await sim.eventually("it is ready", () => isReady, { within: 2000 });
   * });
   * ```
   */
  eventually(name: string, check: Check, options?: {
    /** How long there is until it has to hold, in ms. Default: 30,000. */
    within?: number;
  }): Promise<void>;
  /** Lets `ms` milliseconds pass in which nothing else runs: work that takes time. */
  spin(ms: number): void;
  /**
   * Marks that this place was reached, if the condition holds; the report of `explore` counts the schedules that did, and the
   * timeline of one that fails shows it.
   */
  sometimes(label: string, condition?: boolean): void;
}

/** How often something goes wrong. */
export interface FaultOptions {
  /** How many times in a run what has this label goes wrong at most. Default: each time it can. */
  atMost?: number;
}

/** How an operation completes. */
export interface IoOptions {
  /** After so many ms exactly. Default: any time, which the schedule chooses. */
  latency?: number;
  /**
   * Operations of one batch may complete in one macrotask, where they are ready together, as several messages in one chunk of a
   * socket do; whether they do is a choice of the schedule. Others complete in a macrotask each. Default: none.
   */
  batch?: string;
  /** Operations of one stream complete in the order in which they were begun, as the bytes of a socket come in theirs. Default: none. */
  stream?: string;
}

export class BodySimulation implements Simulation {
  readonly #session: Session;
  readonly #marks: Map<string, boolean>;
  readonly #hooks: RunHooks;

  constructor(session: Session, marks: Map<string, boolean>, hooks: RunHooks) {
    this.#session = session;
    this.#hooks = hooks;
    this.#marks = marks;
  }

  now(): number {
    return this.#session.wallNow();
  }

  get network(): Network {
    return this.#session.network;
  }

  get workers(): Workers {
    return this.#session.workers;
  }

  fault(label: string, options: FaultOptions = {}): boolean {
    checkText(label, "label");
    checkOptions(options, "fault", ["atMost"]);
    const { atMost } = options;
    if (atMost !== undefined) checkCount(atMost, "atMost", 0);
    return this.#session.loop.ways.fault(`${label} going well`, label, atMost);
  }

  get steps(): number {
    return this.#session.loop.steps;
  }

  io(label: string = "io", options: IoOptions = {}): Promise<void> {
    checkText(label, "label");
    const { latency, batch, stream } = options;
    if (batch !== undefined && typeof batch !== "string") {
      throw new TypeError(`A batch has to be a string: received ${String(batch)}`);
    }
    if (stream !== undefined && typeof stream !== "string") {
      throw new TypeError(`A stream has to be a string: received ${String(stream)}`);
    }
    if (latency !== undefined) checkFiniteDuration(latency, "A latency");
    const scope = this.#hooks.scope();
    return new Promise((resolve) =>
      this.#session.loop.complete(resolve, label, { latency, port: stream, batch, scope })
    );
  }

  setSystemTime(time: number): void {
    if (typeof time !== "number") throw new TypeError(`A time has to be a number of ms: received ${String(time)}`);
    if (!Number.isFinite(time)) throw new RangeError(`A time has to be finite: received ${time}`);
    this.#session.wall = time - this.#session.loop.now;
  }

  allBlocked(): Promise<void> {
    return new Promise((resolve) => this.#session.loop.quiet.whenBlocked(resolve));
  }

  settled(): Promise<void> {
    return new Promise((resolve) => this.#session.loop.quiet.whenSettled(resolve));
  }

  machine(name: string, main: Program | URL, options: MachineOptions = {}): Machine {
    return this.#session.machines.add(name, main, options);
  }

  faults(settings: FaultsSettings = {}): void {
    this.#session.parts.faults.allow(settings);
  }

  calm(): void {
    this.#session.parts.faults.calm();
  }

  always(name: string, check: Check): void {
    checkText(name, "invariant");
    checkFunction(check, `The check of "${name}"`);
    this.#session.parts.checks.always(name, check);
  }

  eventually(name: string, check: Check, options: { within?: number } = {}): Promise<void> {
    checkText(name, "invariant");
    checkFunction(check, `The check of "${name}"`);
    checkOptions(options, "eventually", ["within"]);
    const { within = 30_000 } = options;
    checkFiniteDuration(within, "The time within which something holds");
    return this.#session.parts.checks.eventually(name, check, within);
  }

  spin(ms: number): void {
    checkFiniteDuration(ms, "The time to spin");
    this.#session.loop.spin(ms);
  }

  sometimes(label: string, condition: boolean = true): void {
    this.#marks.set(label, condition || this.#marks.get(label) === true);
    if (condition) this.#session.witness?.marked(label);
  }
}

function checkText(text: unknown, what: string): asserts text is string {
  if (typeof text !== "string") throw new TypeError(`A ${what} has to be a string: received ${show(text)}`);
}
