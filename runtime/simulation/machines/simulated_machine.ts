/**
 * A machine of a simulation: programs that follow one another on it, and what stays when one ends.
 *
 * ```
 *                       ┌──────────resume──────────┐
 *                       ▼                          │
 *   made, restart ──> running ──pause──────────> paused
 *                       ├──stop──> stopping ──main has settled──> exited
 *                       ├──main has settled, and nothing of it is left; process.exit──> exited
 *                       ├──an error that nobody catches──> crashed ──its supervisor, if it has one──> running
 *                       └──kill, from any of the above──> killed ──its supervisor──> running
 * ```
 *
 * Whoever moves a machine to "exited", "crashed" or "killed" ends its life: what is still to come to it is forgotten, then the network is
 * told, then those who wait for its end, then the run, if nobody starts it again.
 *
 * @module
 */

import { checkBoolean, checkFiniteDuration, checkOptions } from "../../basics/check.ts";
import { isThenable } from "../../basics/promises.ts";
import { SimulatedDisk } from "../disk/disk.ts";
import { MachineCrashError } from "../loop/errors.ts";
import type { SimulatedLoop } from "../loop/loop.ts";
import { MachineClock } from "./clock.ts";
import { Life, type LivingMachine, type ProgramFrame } from "./life.ts";
import { loadProgram } from "./load_program.ts";
import {
  checkProgram,
  type KillOptions,
  type Machine,
  type MachineContext,
  type MachineOptions,
  type MachineState,
  type Program,
  type RestartOptions,
} from "./machine.ts";
import { Supervisor } from "./supervisor.ts";

/** For how long a program may take to stop, in ms, if nothing else is said. */
const stopLimit = 10_000;

/** What the world does to the disks of machines. */
export interface DiskWorld {
  /** How many ms an operation takes, the how many-th of the machine; `undefined` for what it takes as a rule. */
  takes(machine: SimulatedMachine, number: number): number | undefined;
  /** An operation is about to take effect; its machine may end before. */
  begins(machine: SimulatedMachine, what: string): void;
  /** Does one of the faults of a disk happen? */
  fails(machine: SimulatedMachine, kind: string, what: string): boolean;
  /** Which of `count` ways does the loss of what was not synced go? The first loses most. */
  outcome(machine: SimulatedMachine, what: string, count: number): number;
}

/** What the world is to its machines. */
export interface MachineWorld {
  readonly loop: SimulatedLoop;
  readonly seed: number;
  readonly startTime: number;
  /** The macrotask that runs goes on as one of somebody, with `fn`. */
  enter(life: Life, fn: () => void): void;
  /** Makes the flow of control for the program of a life. */
  frame(life: Life): ProgramFrame;
  /** Is there anything that a process would not end with? */
  holds(life: Life): boolean;
  readonly disks: DiskWorld;
  /** A module is being loaded; the function it returns ends that. */
  load(): () => void;
  /** Something was done to a machine. */
  disturbed(): void;
  /** A life is over. */
  ended(life: Life, power: boolean): void;
  /** Nobody mends what has gone wrong: the run fails with it. */
  failed(error: unknown): void;
}

/** A machine. */
export class SimulatedMachine implements Machine, LivingMachine {
  readonly name: string;
  readonly clock: MachineClock;
  /** Does somebody start it again when it was killed? */
  readonly supervisor: Supervisor | undefined;
  readonly #world: MachineWorld;
  #main: Program | URL;
  readonly #stored: { readonly [Name in "files" | "capacity"]: MachineOptions[Name] };
  #disk: SimulatedDisk | undefined;
  #state: MachineState = "exited";
  #current: Life | undefined;
  /** Has `main` returned in this life? */
  #isMainOver = false;
  #lives = 0;
  /** Was it without power since its last life? */
  #isDark = false;
  #abort: AbortController | undefined;
  /** Those who wait for this life to end. */
  #ending: (() => void)[] = [];
  /** Those who knock at a machine without power. */
  #knocking: (() => void)[] = [];

  constructor(
    name: string,
    main: Program | URL,
    { clock = {}, restart = false, files, capacity }: MachineOptions,
    world: MachineWorld,
  ) {
    this.name = name;
    this.#main = main;
    this.#stored = { files, capacity };
    this.#world = world;
    this.clock = new MachineClock(world.startTime, clock);
    if (restart === false) return;
    this.supervisor = new Supervisor(restart === true ? {} : restart);
  }

  get state(): MachineState {
    return this.#state;
  }

  get life(): number {
    return this.#lives;
  }

  /** Its disk, made when it is first used. */
  get disk(): SimulatedDisk {
    return this.#disk ??= this.#makeDisk();
  }

  #makeDisk(): SimulatedDisk {
    const { loop, disks } = this.#world;
    let operations = 0;
    return new SimulatedDisk({
      ...this.#stored,
      now: () => this.clock.wall(loop.now),
      takes: () => disks.takes(this, ++operations),
      decide: (kind, what) => disks.fails(this, kind, what),
      begins: (what) => {
        disks.begins(this, what);
        return this.alive !== undefined && loop.owner === this.alive;
      },
    });
  }

  /** The life that goes on; `undefined` while none does. */
  get alive(): Life | undefined {
    return this.#current?.isOver === false ? this.#current : undefined;
  }

  /** Does its system answer for a program that is not there? */
  get hasPower(): boolean {
    return !this.#isDark;
  }

  /** Calls back when there is power again. */
  whenPowered(fn: () => void): void {
    this.#knocking.push(fn);
  }

  /** Begins a life. */
  start(): void {
    const { loop, seed } = this.#world;
    this.#isDark = this.#isMainOver = false;
    this.#world.disturbed();
    this.#abort = undefined;
    const life = this.#current = new Life(this, ++this.#lives, loop.now, seed);
    this.#state = "running";
    loop.as(life, () => loop.callSoon(() => this.#world.enter(life, () => this.#run(life))));
    for (const knock of this.#knocking.splice(0)) knock();
  }

  #run(life: Life): void {
    life.frame = this.#world.frame(life);
    const context: MachineContext = {
      name: this.name,
      life: life.number,
      get signal() {
        return abort().signal;
      },
    };
    const abort = (): AbortController => this.#abort ??= new AbortController();
    const main = this.#main;
    if (typeof main === "function") this.#call(life, main, context);
    else this.#load(life, main, context);
  }

  /** Nothing happens in the world while a module comes from the real one. */
  #load(life: Life, module: URL, context: MachineContext): void {
    const loaded = this.#world.load();
    const goOn = (fn: () => void): void => {
      loaded();
      const { loop } = this.#world;
      loop.as(life, () => loop.callSoon(() => this.#world.enter(life, fn)));
    };
    loadProgram(module).then(
      (program) => goOn(() => this.#call(life, program, context)),
      (error: unknown) => goOn(() => this.crashed(life, error)),
    );
  }

  #call(life: Life, main: Program, context: MachineContext): void {
    try {
      const result = life.frame!.run(() => main(context));
      if (!isThenable(result)) return this.#mainEnded(life);
      result.then(() => this.#mainEnded(life), (error: unknown) => this.crashed(life, error));
    } catch (error) {
      this.crashed(life, error);
    }
  }

  #mainEnded(life: Life): void {
    if (life.isOver) return;
    this.#isMainOver = true;
    if (this.#state === "stopping") this.#end(life, "exited");
    else if (life.exitCode !== 0) this.exit(life, life.exitCode);
  }

  look(life: Life): void {
    if (this.#isMainOver && !life.isOver && !this.#world.holds(life)) this.#end(life, "exited");
  }

  crashed(life: Life, error: unknown): void {
    if (life.isOver) return;
    if (this.#state === "stopping") return this.#end(life, "exited");
    this.#end(life, "crashed");
    if (!this.#revive()) this.#world.failed(new MachineCrashError(this.name, life.number, error));
  }

  exit(life: Life, code: number): void {
    if (life.isOver) return;
    if (code === 0 || this.#state === "stopping") return this.#end(life, "exited");
    this.crashed(life, new Error(`The process exited with ${code}`));
  }

  kill(options: KillOptions = {}): void {
    checkOptions(options, "kill", ["power"]);
    checkBoolean(options.power, "power");
    const life = this.alive;
    if (life === undefined) return;
    this.#end(life, "killed", options.power === true);
    this.#revive();
  }

  stop(options: { limit?: number } = {}): Promise<void> {
    checkOptions(options, "stop", ["limit"]);
    const { limit = stopLimit } = options;
    checkFiniteDuration(limit, "The limit of a stop");
    const life = this.alive;
    if (life === undefined) return Promise.resolve();
    const { loop } = this.#world;
    if (this.#state === "paused") this.resume();
    if (this.#state !== "stopping") {
      this.#state = "stopping";
      loop.as(life, () => loop.callSoon(() => this.#world.enter(life, () => this.#signal(life))));
      const timer = loop.setWorldTimer(() => this.#kill(life), limit, `the limit of stopping ${this.name}`);
      this.#ending.push(() => loop.clearTimer(timer));
    }
    return new Promise((resolve) => this.#ending.push(() => loop.unowned(() => loop.callSoon(resolve))));
  }

  /** Nothing is left of a program whose main has returned: it ends at once. */
  #signal(life: Life): void {
    this.#abort?.abort();
    const listeners = life.listeners.get("SIGTERM") ?? new Set();
    if (listeners.size > 0) { for (const listener of [...listeners]) listener("SIGTERM", 15); }
    else if (this.#isMainOver) this.#end(life, "exited");
    else life.frame?.cancel();
  }

  #kill(life: Life): void {
    if (!life.isOver) this.#end(life, "killed");
  }

  restart(options: RestartOptions = {}): void {
    checkOptions(options, "restart", ["wipe", "main"]);
    const { wipe, main } = options;
    checkBoolean(wipe, "wipe");
    if (main !== undefined) checkProgram(this.name, main);
    const life = this.alive;
    if (life !== undefined) this.#end(life, "killed");
    if (wipe === true) this.disk.wipe();
    if (main !== undefined) this.#main = main;
    this.start();
  }

  pause(): void {
    const life = this.alive;
    if (life === undefined || this.#state !== "running") return;
    this.#state = "paused";
    this.#world.disturbed();
    life.held = [];
    life.held.push(...this.#world.loop.takeOut(life));
  }

  resume(): void {
    const life = this.alive;
    if (life?.held === undefined) return;
    this.#state = "running";
    this.#world.disturbed();
    const { held } = life;
    life.held = undefined;
    this.#world.loop.putBack(held);
  }

  adjustClock(ms: number): void {
    if (typeof ms !== "number") throw new TypeError(`A clock is moved by a number of ms: received ${String(ms)}`);
    if (!Number.isFinite(ms)) throw new RangeError(`A clock is moved by a finite number of ms: received ${ms}`);
    this.clock.jump(ms);
    this.#world.disturbed();
  }

  #end(life: Life, state: MachineState, power: boolean = false): void {
    this.#state = state;
    this.#isDark = power;
    this.#world.disturbed();
    life.isOver = true;
    life.held = undefined;
    this.#world.loop.takeOut(life);
    if (power) this.#disk?.powerLoss((what, count) => this.#world.disks.outcome(this, what, count));
    else this.#disk?.closeAll();
    this.#world.ended(life, power);
    for (const told of this.#ending.splice(0)) told();
  }

  /** Lets the supervisor start it again; answers false where there is none. */
  #revive(): boolean {
    const delay = this.supervisor?.next();
    if (delay === undefined) return false;
    const { loop } = this.#world;
    const dead = this.#current;
    const again = (): void => {
      if (this.#current === dead) this.start();
    };
    loop.setWorldTimer(again, delay, `the restart of ${this.name}`);
    return true;
  }
}

/** The machine that a program runs on. */
export function machineOf(life: Life | undefined): SimulatedMachine | undefined {
  return life?.machine as SimulatedMachine | undefined;
}
