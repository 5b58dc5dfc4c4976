/**
 * A program on a simulated machine, from its start to its end.
 *
 * @module
 */

import { hashOf } from "../../basics/hash.ts";
import { Random } from "../../basics/random.ts";
import type { LoopEvent } from "../loop/loop_event.ts";
import type { Owner } from "../loop/owner.ts";
import type { SimulatedDisk } from "../disk/disk.ts";
import type { MachineClock } from "./clock.ts";

/** The flow of control in which a program runs, as the layer above makes it. */
export interface ProgramFrame {
  /** Calls `fn` in it. */
  run<R>(fn: () => R): R;
  /** Cancels what runs in it. */
  cancel(): void;
}

/** What a machine is to its lives. */
export interface LivingMachine {
  readonly name: string;
  readonly clock: MachineClock;
  readonly disk: SimulatedDisk;
  /** An error that nobody has caught. */
  crashed(life: Life, error: unknown): void;
  /** `process.exit`. */
  exit(life: Life, code: number): void;
  /** Something of a life has run: has it ended with that, as a process does that has nothing left to do? */
  look(life: Life): void;
}

/** One life of a machine. */
export class Life implements Owner {
  readonly machine: LivingMachine;
  /** The how many-th of its machine, from 1. */
  readonly number: number;
  /** When it began, by the loop's clock. */
  readonly since: number;
  isOver = false;
  held: LoopEvent[] | undefined = undefined;
  /** Who listens to signals and other events of the process, by name. */
  readonly listeners: Map<string, Set<(...args: unknown[]) => void>> = new Map();
  /** `process.env`: nothing of the host's, where that runs again tomorrow. */
  readonly environment: Record<string, string | undefined>;
  /** With what the process ends when its work ends. */
  exitCode = 0;
  frame: ProgramFrame | undefined = undefined;
  /** The loop that Millrace has in it, once something has asked for that. */
  loop: unknown = undefined;
  readonly #seed: number;
  #random: Random | undefined = undefined;

  constructor(machine: LivingMachine, number: number, since: number, seed: number) {
    this.machine = machine;
    this.number = number;
    this.since = since;
    this.#seed = seed;
    this.environment = { HOSTNAME: machine.name };
  }

  /** Listens to a signal; the function it returns ends that. */
  on(signal: string, listener: (alone: boolean) => void): () => void {
    const listeners = this.listeners.get(signal) ?? new Set();
    const told = (): void => listener(true);
    this.listeners.set(signal, listeners.add(told));
    return () => void listeners.delete(told);
  }

  /** `process.exit`: what the caller goes on to is of no account. */
  exit(code: number): never {
    this.machine.exit(this, code);
    throw new Error(`The process of ${this.name} has exited with ${code}`);
  }

  get name(): string {
    return this.machine.name;
  }

  get rate(): number {
    return this.machine.clock.rate;
  }

  /** A source of numbers of its own: what one machine draws changes nothing for others, nor for the next life. */
  get random(): Random {
    return this.#random ??= new Random(hashOf(this.#seed, `${this.name}.${this.number}`));
  }
}
