/**
 * What some runs use and most do not.
 *
 * @module
 */

import { type Fault, Faults, type FaultsWorld } from "../faults/faults.ts";
import { placeOf } from "../loop/errors.ts";
import { InFlight } from "../loop/in_flight.ts";
import { RealWork } from "../loop/real_work.ts";
import { Checks, type ChecksWorld } from "./checks.ts";
import type { World } from "../loop/world.ts";
import { type MachineHooks, Machines } from "../machines/machines.ts";
import { SimulatedNetwork } from "../network/simulated_network.ts";
import { SimulatedWorkers } from "../workers/workers.ts";

/** A world with machines. */
interface PartsWorld extends World {
  readonly hasMachines: boolean;
  readonly machines: Machines;
  readonly faults: Faults;
}

const nothing: readonly string[] = [];

/**
 * The parts of the run that is on. Each is made when it is first used: there are 100,000 runs a second, and what all of them
 * allocate decides how often garbage is collected, which costs far more than the parts.
 */
export class RunParts {
  readonly #world: PartsWorld;
  readonly #hooks: MachineHooks & ChecksWorld & FaultsWorld;
  #work: RealWork | undefined = undefined;
  #flights: InFlight | undefined = undefined;
  #network: SimulatedNetwork | undefined = undefined;
  #workers: SimulatedWorkers | undefined = undefined;
  #machines: Machines | undefined = undefined;
  #checks: Checks | undefined = undefined;
  #faults: Faults | undefined = undefined;
  /** Is the run over? What code that it has left behind still begins is not waited for, and has to come all the same. */
  #isOver = false;

  constructor(world: PartsWorld, hooks: MachineHooks & ChecksWorld & FaultsWorld) {
    this.#world = world;
    this.#hooks = hooks;
  }

  get work(): RealWork {
    return this.#work ??= this.#made(new RealWork());
  }

  get flights(): InFlight {
    return this.#flights ??= this.#made(new InFlight());
  }

  get network(): SimulatedNetwork {
    return this.#network ??= new SimulatedNetwork(this.#world);
  }

  get workers(): SimulatedWorkers {
    return this.#workers ??= new SimulatedWorkers();
  }

  get machines(): Machines {
    return this.#machines ??= new Machines(this.#world, this.#hooks);
  }

  get faults(): Faults {
    return this.#faults ??= new Faults(this.#hooks);
  }

  /** The faults that have happened. */
  get happened(): readonly Fault[] {
    return this.#faults?.happened ?? [];
  }

  /** The kinds of faults that may happen, where there is something to which they could. */
  get faultKinds(): readonly string[] {
    return this.#faults?.kinds ?? nothing;
  }

  /** How many faults may happen; `undefined` where none may. */
  get mostFaults(): number | undefined {
    return this.#faults?.limit;
  }

  /** What has to hold. */
  get checks(): Checks {
    return this.#checks ??= new Checks(this.#hooks);
  }

  /** Asks what has to hold, where anything has. */
  look(): void {
    this.#checks?.look();
  }

  /** Something was done to the machines or the network. */
  disturbed(): void {
    this.#checks?.disturbed();
  }

  get hasMachines(): boolean {
    return this.#machines !== undefined;
  }

  /** The body has ended, and its machines and checks with it. */
  endWithBody(): void {
    this.#checks?.end();
    this.#machines?.end();
  }

  /** Is there real work of the body? */
  get hasWork(): boolean {
    return this.#work?.isOn === true;
  }

  /** Is there real work whose parts reach the body as they come? */
  get hasOpenWork(): boolean {
    return this.#work !== undefined && this.#work.open > 0;
  }

  /** Is anything real in flight? */
  get hasFlights(): boolean {
    return this.#flights?.isOn === true;
  }

  /** What the network and the workers have left behind. */
  get left(): readonly string[] {
    if (this.#network === undefined && this.#workers === undefined) return nothing;
    const workers = this.#workers?.left ?? [];
    return [
      ...this.#network?.left ?? [],
      ...workers.map(({ name, place }) => `${name}: its pool was not closed${placeOf(place)}`),
    ];
  }

  /** The run is over. */
  end(): void {
    this.#isOver = true;
    this.#workers?.end();
    this.#work?.end();
    this.#flights?.end();
  }

  /** Another run begins. */
  forget(): void {
    this.#isOver = false;
    this.#work =
      this.#flights =
      this.#network =
      this.#workers =
      this.#machines =
      this.#checks =
      this.#faults =
        undefined;
  }

  #made<Part extends { end(): void }>(part: Part): Part {
    if (this.#isOver) part.end();
    return part;
  }
}
