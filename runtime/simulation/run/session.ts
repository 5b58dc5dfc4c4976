/**
 * What a simulation puts in the place of the host's own functions, while it runs.
 *
 * @module
 */

import { cutPlaces } from "../../basics/cut_places.ts";
import { decideBuggify } from "../../basics/buggify.ts";
import { Random } from "../../basics/random.ts";
import { currentHost } from "../../current_host.ts";
import { builtin, hasBuiltins } from "../../hosts/common/node_process.ts";
import { keepFunctions } from "../../hosts/common/timers.ts";
import type { ContextSlot } from "../../port/host.ts";
import { bodyMethods } from "../globals/bodies.ts";
import { membersOfConsole } from "../globals/console.ts";
import { formatOf, type Member, membersOfClocks, showPresent, timeStampOf } from "../globals/clock.ts";
import { membersOfFiles } from "../files/members.ts";
import { type Frames, framesOf } from "../globals/frames.ts";
import { hostRequests } from "../globals/host_requests.ts";
import { messageChannelOf } from "../globals/message_channel.ts";
import { membersOfRandomness } from "../globals/randomness.ts";
import { environmentOf, membersOfProcess } from "../globals/process.ts";
import { allowedDoors, type Door, doors, openDoors } from "../globals/real_io.ts";
import { membersOfRealWork } from "../globals/real_work.ts";
import { act, isActing, knowBy } from "../globals/stand_ins.ts";
import { timersOf } from "../globals/timers.ts";
import { timersPromisesOf } from "../globals/timers_promises.ts";
import { refusal } from "../loop/errors.ts";
import { firstMoment } from "../loop/first_moment.ts";
import { SimulatedLoop } from "../loop/loop.ts";
import { nobody } from "../loop/owner.ts";
import type { InFlight } from "../loop/in_flight.ts";
import type { RealWork } from "../loop/real_work.ts";
import type { World, WorldSettings } from "../loop/world.ts";
import type { Faults, FaultsWorld } from "../faults/faults.ts";
import { type FaultPlan, ScheduledPlan } from "../faults/plan.ts";
import type { DiskWorld, SimulatedMachine } from "../machines/simulated_machine.ts";
import { Lives } from "../machines/lives.ts";
import type { Life, ProgramFrame } from "../machines/life.ts";
import type { MachineHooks, Machines } from "../machines/machines.ts";
import type { SimulatedNetwork } from "../network/simulated_network.ts";
import type { SimulatedWorkers } from "../workers/workers.ts";
import type { ChecksWorld } from "./checks.ts";
import { membersOfNetwork } from "./network_members.ts";
import { Replacements } from "./replacements.ts";
import { RunParts } from "./run_parts.ts";
import type { RunHooks, RunSettings, RunWitness } from "./run_settings.ts";
import { catchErrors } from "./stray_errors.ts";

const ignore = (): void => {};

/** The session whose functions are in place. */
let active: Session | undefined;

export type { Life, ProgramFrame, RunHooks, RunSettings, RunWitness };

/** Any number of runs, one after the other, in which the functions of the host are simulated. */
export class Session implements World, MachineHooks, ChecksWorld, FaultsWorld {
  readonly settings: WorldSettings;
  readonly context: ContextSlot = currentHost().openContext();
  wall = 0;
  seed = 0;
  loop!: SimulatedLoop;
  readonly insideHost: ContextSlot = currentHost().openContext();
  /** For how long a run whose loop is empty is given the time to be woken by something real that is not known, in ms. */
  patience = 250;
  readonly lives: Lives = new Lives();
  #random!: Random;
  #plan: FaultPlan | undefined = undefined;
  loading = 0;
  idleSince: number | undefined = undefined;
  /** Who sees the run that is on, if somebody does. */
  witness: RunWitness | undefined;
  #prints = false;
  readonly parts: RunParts = new RunParts(this, this);
  readonly threads: ContextSlot = currentHost().openContext();
  /** Is called with each unhandled rejection. */
  onUnhandled: (error: unknown) => void = ignore;
  /** Is called with each error that a tick or a microtask throws. */
  onUncaught: (error: unknown) => void = ignore;
  /** Is called when nothing of a life runs any more. */
  onForgotten: (life: Life) => void = ignore;
  /** Is called when the first machine of a run is made. */
  onMachines: () => void = ignore;
  /** Is called with the error of a machine that nobody starts again. */
  onFailed: (error: unknown) => void = ignore;
  /** Makes the flow of control in which the program of a machine runs. */
  frame: (life: Life) => ProgramFrame = () => ({ run: (fn) => fn(), cancel: ignore });
  readonly frames: Frames = framesOf(this);
  #hasFiles = false;
  readonly #replacements = new Replacements();

  constructor(settings: WorldSettings) {
    this.settings = settings;
  }

  /** How many of the bytes that come under this label come before the rest, in the run that is on; 0 where all come together. */
  static cut(label: string, bytes: Uint8Array): number {
    return active === undefined ? 0 : active.loop.ways.cut(label, cutPlaces(bytes));
  }

  /** Puts the simulated functions in place; those of another session must not be. */
  open(): void {
    active = this;
    try {
      const decides = decideBuggify((label) => isActing() && this.faults.buggify(this.life, label));
      for (const restore of [keepFunctions(), showPresent(this), () => act(false), decides]) {
        this.#replacements.add(restore);
      }
      this.#replaceGlobals();
      this.#replaceModules();
      if (this.settings.holdsConsole) {
        this.#replaceMembers(membersOfConsole((method, text) => this.#printed(method, text)));
      }
      this.#replacements.add(catchErrors(this));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** What runs from now on belongs to the simulation, or to others in the same process. */
  act(whether: boolean): void {
    act(whether);
  }

  /** Puts everything back, identical to what it was. */
  close(): void {
    if (active === this) active = undefined;
    this.#hasFiles = false;
    this.#replacements.restore();
    this.lives.end();
    knowBy(undefined);
  }

  /** Begins a run: a new loop, at time 0. */
  begin(settings: RunSettings): void {
    this.loop = new SimulatedLoop(settings.choose, {
      keepPlaces: settings.keepPlaces,
      shortestDelay: this.settings.shortestDelay,
      late: settings.late === true,
      observe: settings.observe,
    });
    this.witness = settings.witness;
    this.#prints = settings.prints === true;
    if (settings.witness !== undefined) this.loop.asked = (id) => this.witness!.asked(id);
    this.idleSince = undefined;
    this.parts.forget();
    if (this.settings.allowRealIo) this.flights.add(hostRequests());
    this.#random = new Random(settings.seed);
    this.seed = settings.seed;
    this.#plan = settings.plan;
    this.wall = this.settings.startTime;
  }

  /** What random numbers are drawn from: the source of a machine's life, or that of the world. */
  get random(): Random {
    return this.life?.random ?? this.#random;
  }

  /** Has anybody drawn a number? Where there are machines, that is taken for granted. */
  get drawsNumbers(): boolean {
    return this.#random.isDrawn || this.parts.hasMachines;
  }

  /** The life of a machine whose flow of control it is. */
  get life(): Life | undefined {
    return this.loop.asker as Life | undefined;
  }

  /** What the clock of the host shows to whose flow of control it is. */
  hostNow(): number {
    return this.life === undefined ? this.loop.now : this.monotonicNow();
  }

  wallNow(): number {
    const { now } = this.loop;
    return this.life?.machine.clock.wall(now) ?? this.wall + now;
  }

  monotonicNow(): number {
    const { now } = this.loop;
    const { life } = this;
    return life === undefined ? firstMoment + now : life.machine.clock.monotonic(now, life.since);
  }

  get faults(): Faults {
    return this.parts.faults;
  }

  get disks(): DiskWorld {
    return this.parts.faults;
  }

  get plan(): FaultPlan {
    return this.#plan ??= new ScheduledPlan(this.loop.ways);
  }

  get allMachines(): Iterable<SimulatedMachine> {
    return this.hasMachines ? this.machines.all : [];
  }

  isolate(machine: SimulatedMachine): () => boolean {
    return this.network.betweenMachines!.isolate(machine);
  }

  cut(from: SimulatedMachine, to: SimulatedMachine): () => boolean {
    return this.network.betweenMachines!.cut(from, to);
  }

  heal(): void {
    this.network.heal();
  }

  get hasMachines(): boolean {
    return this.parts.hasMachines;
  }

  get machines(): Machines {
    return this.parts.machines;
  }

  asBody<R>(fn: () => R): R {
    return this.hasMachines ? this.lives.run(nobody, fn) : fn();
  }

  disturbed(): void {
    this.parts.disturbed();
  }

  begun(): void {
    knowBy(() => this.lives.get() !== undefined);
    this.#replaceFiles();
    this.onMachines();
  }

  holds(life: Life): boolean {
    return this.parts.hasWork || this.network.holds(life);
  }

  ended(life: Life, power: boolean): void {
    this.network.ended(life, power);
  }

  forgotten(life: Life): void {
    this.parts.workers.forget(life);
    this.onForgotten(life);
  }

  failed(error: unknown): void {
    this.onFailed(error);
  }

  get work(): RealWork {
    return this.parts.work;
  }

  get flights(): InFlight {
    return this.parts.flights;
  }

  get network(): SimulatedNetwork {
    return this.parts.network;
  }

  get workers(): SimulatedWorkers {
    return this.parts.workers;
  }

  /** The body prints something; answers whether it really does. */
  #printed(method: string, text: string): boolean {
    this.witness?.printed(method, text);
    return this.#prints;
  }

  /** The run is over. */
  end(): void {
    this.parts.end();
    this.onUnhandled = this.onUncaught = this.onFailed = ignore;
  }

  #replaceGlobals(): void {
    const global = globalThis as unknown as Record<string, object>;
    const timers = timersOf(this);
    for (const [name, value] of Object.entries(timers)) {
      if (global[name] !== undefined) this.#replacements.replace(global, name, value);
    }
    if (this.settings.isBrowser) {
      for (const [name, value] of Object.entries(this.frames)) this.#replacements.replace(global, name, value);
    }
    this.#replaceMembers(membersOfClocks(this));
    this.#replaceMembers(membersOfRandomness(this));
    this.#replaceMembers(membersOfRealWork(this));
    this.#replacements.replace(global, "MessageChannel", messageChannelOf(this));
    this.#replacements.replaceGetter(Event.prototype, "timeStamp", timeStampOf(this));
    this.#replacements.replaceGetter(performance, "timeOrigin", () => this.settings.startTime - firstMoment);
    this.#replacements.replaceGetter(Intl.DateTimeFormat.prototype, "format", formatOf(this));
    for (const [name, value] of Object.entries(bodyMethods())) {
      for (const { prototype } of [Request, Response]) this.#replacements.replace(prototype, name, value);
    }
    this.#replaceMembers(membersOfNetwork(this, () => this.network));
    this.#openDoors(openDoors());
    const { allowRealIo } = this.settings;
    if (allowRealIo) this.#openDoors([...doors(), ...allowedDoors()]);
    else for (const { target, name, call } of doors()) this.#replacements.replace(target, name, refusal(call));
  }

  /** Lets calls of the world outside through, and waits for what comes of them. */
  #openDoors(doors: readonly Door[]): void {
    for (const { target, name, call, wrap } of doors) {
      if (wrap === undefined) continue;
      this.#replacements.replace(target, name, wrap(this, call, Reflect.get(target, name) as () => unknown));
    }
  }

  #replaceMembers(members: readonly Member[]): void {
    for (const { target, name, value } of members) this.#replacements.replace(target, name, value);
  }

  /** They are hundreds, and most simulations have no disk. */
  #replaceFiles(): void {
    if (this.#hasFiles) return;
    this.#hasFiles = true;
    // Node itself looks for modules with the functions of `node:fs`.
    this.#replaceMembers(membersOfFiles(this, () => this.loading > 0 ? undefined : this.life?.machine.disk));
    this.#replaceMembers(membersOfProcess(this));
    const { process } = globalThis as unknown as { process?: object };
    if (process !== undefined) this.#replacements.replaceGetter(process, "env", environmentOf(this));
    if (hasBuiltins()) syncNamedImports();
  }

  #replaceModules(): void {
    if (!hasBuiltins()) return;
    const promises = builtin<Record<string, unknown> & { scheduler: object }>("node:timers/promises");
    const { scheduler, ...functions } = timersPromisesOf(this);
    for (const [name, value] of Object.entries(functions)) this.#replacements.replace(promises, name, value);
    for (const [name, value] of Object.entries(scheduler)) this.#replacements.replace(promises.scheduler, name, value);
    const timers = builtin<Record<string, unknown>>("node:timers");
    for (const [name, value] of Object.entries(timersOf(this))) this.#replacements.replace(timers, name, value);
    this.#replacements.addLast(syncNamedImports);
    syncNamedImports();
  }
}

/** On Node what is replaced reaches named imports too; on Deno and Bun those keep what they were bound to. */
function syncNamedImports(): void {
  builtin<{ syncBuiltinESMExports?: () => void }>("node:module").syncBuiltinESMExports?.();
}
