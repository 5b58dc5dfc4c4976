/**
 * The machines of one run.
 *
 * @module
 */

import { MachineCrashError } from "../loop/errors.ts";
import { nobody, type Owner } from "../loop/owner.ts";
import type { World } from "../loop/world.ts";
import type { Lives } from "./lives.ts";
import { Life, type ProgramFrame } from "./life.ts";
import { checkMachine, type Machine, type MachineOptions, type Program } from "./machine.ts";
import { type DiskWorld, type MachineWorld, SimulatedMachine } from "./simulated_machine.ts";

/** What the world around has to do with the machines of a run. */
export interface MachineHooks {
  readonly lives: Lives;
  readonly seed: number;
  /** Makes the flow of control for the program of a life. */
  frame(life: Life): ProgramFrame;
  readonly disks: DiskWorld;
  /** There are machines from now on. */
  begun(): void;
  /** Something was done to the machines or to the network between them. */
  disturbed(): void;
  /** Has it something open that holds a process? */
  holds(life: Life): boolean;
  /** A life is over; with the power of its machine, or with that on. */
  ended(life: Life, power: boolean): void;
  /** Nothing of a life runs any more: what is known of it is not needed. */
  forgotten(life: Life): void;
  /** The run fails. */
  failed(error: unknown): void;
}

/** All machines of a run. */
export class Machines implements MachineWorld {
  readonly seed: number;
  readonly #world: World;
  readonly #hooks: MachineHooks;
  #isOver = false;
  readonly #byName = new Map<string, SimulatedMachine>();

  constructor(world: World, hooks: MachineHooks) {
    this.#world = world;
    this.#hooks = hooks;
    this.seed = hooks.seed;
    const { lives } = hooks;
    hooks.begun();
    world.loop.findOwner = () => lives.get();
  }

  /** Makes a machine and starts it. */
  add(name: string, main: Program | URL, options: MachineOptions): Machine {
    checkMachine(name, main, options);
    if (this.#byName.has(name)) throw new RangeError(`There is already a machine ${name}`);
    const machine = new SimulatedMachine(name, main, options, this);
    this.#byName.set(name, machine);
    // From here on the caller is known to be the body. Marked earlier, simulations without machines would pay for it: on Node 20 a body
    // takes four times as long in a flow of control of its own.
    const { lives } = this.#hooks;
    if (lives.get() === undefined) lives.enter(nobody);
    machine.start();
    return machine;
  }

  /** The machine of that name. */
  find(name: string): SimulatedMachine | undefined {
    return this.#byName.get(name);
  }

  get all(): Iterable<SimulatedMachine> {
    return this.#byName.values();
  }

  get loop(): World["loop"] {
    return this.#world.loop;
  }

  load(): () => void {
    this.#world.loading++;
    return () => void this.#world.loading--;
  }

  get disks(): DiskWorld {
    return this.#hooks.disks;
  }

  get startTime(): number {
    return this.#world.settings.startTime;
  }

  enter(life: Life, fn: () => void): void {
    this.loop.owner = life;
    this.#hooks.lives.run(life, fn);
  }

  /**
   * Lets something come to a life within the macrotask of the world that runs: `fn` goes on as the life's. Where that is paused it comes
   * later, as a macrotask of its own, in the order of its `port`; where it is over it does not.
   */
  reach(life: Life, label: string, fn: () => void, port?: object): void {
    if (life.isOver) return;
    if (life.held === undefined) return this.enter(life, fn);
    this.loop.as(life, () => this.loop.deliver(() => this.enter(life, fn), label, { port }));
  }

  frame(life: Life): ProgramFrame {
    return this.#hooks.frame(life);
  }

  ended(life: Life, power: boolean): void {
    this.#hooks.ended(life, power);
    this.#hooks.forgotten(life);
  }

  disturbed(): void {
    this.#hooks.disturbed();
  }

  holds(life: Life): boolean {
    return this.#hooks.holds(life) || this.loop.awaits(life);
  }

  failed(error: unknown): void {
    this.#hooks.failed(error);
  }

  /** An error that nobody has caught in a macrotask: answers whether it is that of a machine. */
  caught(error: unknown): boolean {
    const { owner } = this.loop;
    if (!(owner instanceof Life)) return false;
    // Bun tells of a rejection that nobody handles some macrotasks later.
    if (this.#isOver) this.failed(new MachineCrashError(owner.name, owner.number, error));
    else owner.machine.crashed(owner, error);
    return true;
  }

  /** A macrotask has run, with all its microtasks. */
  looked(owner: Owner | undefined): void {
    if (owner instanceof Life) owner.machine.look(owner);
  }

  /** The body has ended: so has everything, and nobody is told. */
  end(): void {
    this.#isOver = true;
    for (const { alive } of this.#byName.values()) {
      if (alive === undefined) continue;
      alive.isOver = true;
      this.loop.takeOut(alive);
      this.#hooks.forgotten(alive);
    }
  }
}
