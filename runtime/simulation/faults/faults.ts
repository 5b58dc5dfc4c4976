/**
 * The faults of one run: where they may happen, what they do, and what came of them.
 *
 * ```
 *   a packet is about to arrive, an operation of a disk to complete ──each fault that is possible there──> the plan picks one, or none
 *   isolate, cut, pause ──their time is over, calm──> whole again
 *   kill, power ──the supervisor, calm──> another life
 * ```
 *
 * @module
 */

import type { SimulatedLoop } from "../loop/loop.ts";
import type { LoopEvent } from "../loop/loop_event.ts";
import { Life } from "../machines/life.ts";
import { type DiskWorld, machineOf, type SimulatedMachine } from "../machines/simulated_machine.ts";
import { type FaultKind, usualKinds } from "./kinds.ts";
import { type FaultPlan, identityOf, type PossibleFault } from "./plan.ts";
import { checkFaults, type FaultsSettings } from "./settings.ts";

/** A fault that has happened. */
export interface Fault {
  readonly kind: FaultKind;
  readonly identity: string;
  /** What happened, in words. */
  readonly told: string;
  /** When, in ms of the loop's clock, and after how many macrotasks. */
  readonly at: number;
  readonly step: number;
  /** Has it done anything to anybody? */
  effective: boolean;
}

/** What the world is to its faults. */
export interface FaultsWorld {
  readonly loop: SimulatedLoop;
  readonly plan: FaultPlan;
  readonly allMachines: Iterable<SimulatedMachine>;
  /** Cuts a machine off from all others; the answer ends that, and tells whether anything had to wait. */
  isolate(machine: SimulatedMachine): () => boolean;
  /** Cuts one direction between two machines, likewise. */
  cut(from: SimulatedMachine, to: SimulatedMachine): () => boolean;
  heal(): void;
  disturbed(): void;
}

/** By how many ms a clock jumps at least and at most. */
const jumps = [50, 60_000] as const;

/** What disks do that are whole. */
const usualOnDisks: ReadonlySet<string> = new Set(["write error", "short write", "sync error"]);

/** The faults of a run. */
export class Faults implements DiskWorld {
  /** Those that have happened. */
  readonly happened: Fault[] = [];
  readonly plan: FaultPlan;
  readonly #world: FaultsWorld;
  #settings: FaultsSettings & Required<Omit<FaultsSettings, "machines">>;
  #isOn: boolean;
  #wasOn = false;
  /** How often each place was come by. */
  readonly #places = new Map<string, number>();
  /** How to end what goes on for a while. */
  readonly #open = new Set<() => void>();

  constructor(world: FaultsWorld) {
    this.#world = world;
    this.plan = world.plan;
    this.#isOn = world.plan.isOn;
    this.#settings = { kinds: usualKinds, atMost: world.plan.atMost, down: 1, duration: [200, 5000] };
  }

  /** From now on faults may happen, such as these settings allow. */
  allow(settings: FaultsSettings): void {
    checkFaults(settings);
    this.#settings = { ...this.#settings, ...settings };
    this.#isOn = this.#wasOn = true;
    if (this.plan.isEverywhere) this.#world.loop.beforeTimer = (timer) => this.#timer(timer);
  }

  /** From now on nothing happens any more, and what goes on ends: machines that are down are started, if anybody would start them. */
  calm(): void {
    this.#isOn = false;
    for (const end of [...this.#open]) end();
    this.#world.heal();
    for (const machine of this.#world.allMachines) {
      machine.resume();
      if (isDown(machine) && machine.supervisor !== undefined) machine.restart();
    }
    this.#world.disturbed();
  }

  /** Something is about to arrive at a machine, or at the body; answers whether it is lost, and its connection with it. */
  packet(from: SimulatedMachine | undefined, to: SimulatedMachine | undefined, label: string): boolean {
    const at = to ?? from;
    if (!this.#mayHappen || at === undefined) return false;
    const place = this.#place(at, label);
    if (!this.plan.mayHit(place)) return false;
    let isLost = false;
    const before = `before ${place}`;
    const possible: PossibleFault[] = [];
    this.#add(possible, "loss", "", place, `the connection is reset ${before}`, () => isLost = true);
    if (to !== undefined) this.#ofMachine(possible, to, place);
    if (from !== undefined && from !== to) this.#ofMachine(possible, from, place);
    if (from !== undefined && to !== undefined && from !== to && this.#mayFall()) {
      const told = `nothing passes from ${from.name} to ${to.name} for a while, ${before}`;
      this.#add(possible, "cut", from.name, place, told, (fault) => this.#during(fault, this.#world.cut(from, to)));
    }
    this.#strike(label, place, possible);
    return isLost;
  }

  /** An operation of a disk is about to complete: its machine may end before. */
  begins(machine: SimulatedMachine, label: string): void {
    if (!this.#mayHappen) return;
    const place = this.#place(machine, label);
    if (!this.plan.mayHit(place)) return;
    const possible: PossibleFault[] = [];
    this.#ofMachine(possible, machine, place);
    this.#strike(label, place, possible);
  }

  /** A timer is about to fire; answers whether it still does. */
  #timer({ owner, label }: LoopEvent): boolean {
    if (!(owner instanceof Life) || !this.#mayHappen) return true;
    const machine = machineOf(owner)!;
    if (machine.supervisor !== undefined) {
      const place = this.#place(machine, label);
      const possible: PossibleFault[] = [];
      this.#ends(possible, machine, place);
      this.#strike(label, place, possible);
    }
    return !owner.isOver;
  }

  /** Does one of the faults of a disk happen? */
  fails(machine: SimulatedMachine, what: string, label: string): boolean {
    const kind = usualOnDisks.has(what) ? "disk" : "corrupt";
    if (!this.#mayHappen || !this.#settings.kinds.includes(kind)) return false;
    if (this.#settings.machines?.includes(machine.name) === false) return false;
    const place = this.#place(machine, `${what} of ${label}`);
    if (!this.plan.mayHit(place)) return false;
    let fails = false;
    const possible: PossibleFault[] = [];
    this.#add(possible, kind, "", place, place, () => fails = true);
    this.#strike(label, place, possible);
    return fails;
  }

  takes({ name }: SimulatedMachine, number: number): number | undefined {
    return this.plan.diskLatency(name, number);
  }

  /** How what was not synced is lost with the power of a machine. */
  outcome({ name, life }: SimulatedMachine, what: string, count: number): number {
    return this.plan.outcome(`${what} of ${name}.${life}`, count);
  }

  /** Does a place that the program has named go its unusual way? */
  buggify(life: Life | undefined, label: string): boolean {
    if (!this.#mayHappen || !this.#settings.kinds.includes("buggify")) return false;
    const place = this.#place(machineOf(life), label);
    if (!this.plan.buggifies(label, place)) return false;
    this.#record("buggify", identityOf("buggify", "", place), `${place} goes its unusual way`).effective = true;
    return true;
  }

  /** The kinds that the body allows. */
  get kinds(): readonly FaultKind[] {
    return this.#settings.kinds;
  }

  /** How many may happen in a run; `undefined` where none may. */
  get limit(): number | undefined {
    return this.#wasOn ? this.#settings.atMost : undefined;
  }

  get #mayHappen(): boolean {
    return this.#isOn && this.happened.length < this.#settings.atMost;
  }

  /** The name of a place, the how many-th of its kind in the life of a machine. */
  #place(machine: SimulatedMachine | undefined, label: string): string {
    const name = machine === undefined ? label : `${machine.name}.${machine.life} : ${label}`;
    const number = (this.#places.get(name) ?? 0) + 1;
    this.#places.set(name, number);
    return `${name} # ${number}`;
  }

  #ofMachine(possible: PossibleFault[], machine: SimulatedMachine, place: string): void {
    const { name, alive } = machine;
    if (alive === undefined || this.#settings.machines?.includes(name) === false) return;
    const before = `before ${place}`;
    this.#ends(possible, machine, place);
    if (this.#mayFall()) {
      const isolated = `${name} is cut off from all others for a while, ${before}`;
      this.#add(
        possible,
        "isolate",
        name,
        place,
        isolated,
        (fault) => this.#during(fault, this.#world.isolate(machine)),
      );
      this.#add(possible, "pause", name, place, `${name} is paused for a while, ${before}`, (fault) => {
        machine.pause();
        this.#during(fault, () => {
          const hasHeld = alive.held !== undefined && alive.held.length > 0;
          // Another life is paused by something else, if at all.
          if (machine.alive === alive) machine.resume();
          return hasHeld;
        });
      });
    }
    this.#add(possible, "clock", name, place, `the clock of ${name} jumps ${before}`, (fault) => {
      fault.effective = true;
      const ms = this.plan.amount(fault.identity, ...jumps);
      machine.adjustClock(ms % 2 === 0 ? ms : -ms);
    });
  }

  /** How a machine may end that somebody starts again. */
  #ends(possible: PossibleFault[], machine: SimulatedMachine, place: string): void {
    const { name, supervisor } = machine;
    if (supervisor === undefined || !this.#mayFall() || this.#settings.machines?.includes(name) === false) return;
    this.#add(possible, "power", name, place, `${name} loses its power before ${place}`, (fault) => {
      fault.effective = true;
      machine.kill({ power: true });
    });
    this.#add(possible, "kill", name, place, `${name} is killed before ${place}`, (fault) => {
      fault.effective = true;
      machine.kill();
    });
  }

  /** May one more machine be out of reach? */
  #mayFall(): boolean {
    let down = this.#open.size;
    for (const machine of this.#world.allMachines) if (isDown(machine)) down++;
    return down < this.#settings.down;
  }

  #add(
    possible: PossibleFault[],
    kind: FaultKind,
    hit: string,
    place: string,
    told: string,
    strike: (fault: Fault) => void,
  ): void {
    if (!this.#settings.kinds.includes(kind)) return;
    const identity = identityOf(kind, hit, place);
    possible.push({ kind, identity, told, strike: () => strike(this.#record(kind, identity, told)) });
  }

  #strike(label: string, place: string, possible: readonly PossibleFault[]): void {
    if (possible.length > 0) this.plan.pick(label, place, possible)?.strike();
  }

  #record(kind: FaultKind, identity: string, told: string): Fault {
    const { now, steps } = this.#world.loop;
    const fault: Fault = {
      kind,
      identity,
      told,
      at: now,
      step: steps,
      effective: ["loss", "disk", "corrupt"].includes(kind),
    };
    this.happened.push(fault);
    this.#world.disturbed();
    return fault;
  }

  /** Something goes on for a while; `end` ends it, and tells whether it had an effect. */
  #during(fault: Fault, end: () => boolean): void {
    const { loop } = this.#world;
    const ended = (): void => {
      if (!this.#open.delete(ended)) return;
      loop.clearTimer(timer);
      fault.effective = end();
      this.#world.disturbed();
    };
    this.#open.add(ended);
    const duration = this.plan.amount(fault.identity, ...this.#settings.duration);
    const timer = loop.setWorldTimer(ended, duration, `the end of a fault`);
  }
}

function isDown({ state }: SimulatedMachine): boolean {
  return state === "killed" || state === "crashed";
}
