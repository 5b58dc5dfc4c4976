/**
 * The ways between the machines of a simulation: one for each direction of each pair, made when it is first used.
 *
 * ```
 *   send ──its latency, behind what its connection has sent before──> there ──the way is cut: it waits──heal──> send again
 *                                                                       └────────────────────────────────────> arrive
 * ```
 *
 * What is on its way is nobody's: it comes although whoever sent it has ended since.
 *
 * @module
 */

import { checkBoolean, checkOptions, show } from "../../basics/check.ts";
import { hashes, hashOf } from "../../basics/hash.ts";
import type { SimulatedLoop } from "../loop/loop.ts";
import { anyTime } from "../loop/loop_event.ts";
import type { Machine } from "../machines/machine.ts";
import type { SimulatedMachine } from "../machines/simulated_machine.ts";
import { checkLatency } from "./link.ts";

/** How the way from one machine to another is. */
export interface PathSettings {
  /** How long each passage takes, in ms; of two numbers a random time between them. Default: as it was, at first that of `link` for all. */
  latency?: number | readonly [number, number];
  /**
   * How many connections may be lost, as for all connections together; a number below 1 is the chance that a passage is. Both sides find that
   * the connection is reset. Default: as it was, at first 0.
   */
  loss?: number;
  /** How many bytes pass in a second. Default: as it was, at first no limit. */
  bandwidth?: number;
  /** Does nothing pass? What is on its way waits until it does. The other direction has settings of its own. Default: as it was, at first false. */
  cut?: boolean;
}

/** A partition of the network; the machines of different groups do not reach each other until it is healed. */
export interface Partition {
  /** Ends it; other partitions go on. A second call does nothing. */
  heal(): void;
  /** `heal`. */
  [Symbol.dispose](): void;
}

/** Names a machine, or is it. */
export type MachineName = string | Pick<Machine, "name">;

/** One direction of a connection: what is sent first comes first. */
export interface Lane {
  lastAt: number;
  /** How much of it waits for its way to be whole. */
  waiting: number;
}

/** After how many ms a system says again what nobody has answered, to a machine that is on again. */
const retransmission = 1000;

/** Something on its way. The body and the world around the machines are `undefined`. */
export interface Packet {
  readonly from: SimulatedMachine | undefined;
  readonly to: SimulatedMachine | undefined;
  readonly label: string;
  readonly bytes: number;
  readonly lane: Lane;
  arrive(): void;
  /** The connection is reset before this comes. */
  lost(): void;
  /** It waits for its way to be whole. */
  held?(): void;
}

/** What the network is to the ways in it. */
interface PathsWorld {
  readonly loop: SimulatedLoop;
  readonly seed: number;
  /** How long a passage takes where its way has no latency of its own; `undefined` for any time. */
  takes(what: string): number | undefined;
  /** Do faults happen to something that is about to arrive, and is it lost by one of them? */
  fails(packet: Packet): boolean;
  /** What the seed of the run says that a passage takes, where nothing else is said. */
  drawn(path: string, number: number): number | undefined;
  /** Something was done to the ways. */
  disturbed(): void;
  /** Is the connection lost, in the place of `label`? */
  loses(label: string, told: string): boolean;
}

/** One direction between two machines. */
class Path {
  readonly name: string;
  settings: PathSettings = {};
  cuts = 0;
  /** How many passages there were. */
  count = 0;
  /** Until when it is busy with bytes. */
  busyUntil = 0;
  waiting: Packet[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get isCut(): boolean {
    return this.cuts > 0 || this.settings.cut === true;
  }
}

/** All ways of one run. */
export class Paths {
  /** How much has had to wait so far. */
  held = 0;
  readonly #world: PathsWorld;
  readonly #paths = new Map<string, Path>();
  /** Which groups of machines are apart, each with the partition that parts them. */
  readonly #parts = new Map<Partition, readonly ReadonlySet<string>[]>();

  constructor(world: PathsWorld) {
    this.#world = world;
  }

  /** Cuts a way, whatever else is said of it; the answer ends that. */
  cut(from: string, to: string): () => void {
    const path = this.#between(from, to);
    path.cuts++;
    return () => {
      path.cuts--;
      this.#release(path);
    };
  }

  /** Changes what is named of a way, and nothing else. */
  set(from: string, to: string, settings: PathSettings): void {
    checkPath(settings);
    const path = this.#between(from, to);
    path.settings = { ...path.settings, ...settings };
    this.#world.disturbed();
    this.#release(path);
  }

  /** Parts groups of machines from each other; one group alone from all other machines. */
  part(groups: readonly (readonly string[])[]): Partition {
    const sets = groups.map((group) => new Set(group));
    const heal = (): void => {
      if (!this.#parts.delete(partition)) return;
      this.#world.disturbed();
      for (const path of this.#paths.values()) this.#release(path);
    };
    const partition: Partition = { heal, [Symbol.dispose]: heal };
    this.#parts.set(partition, sets);
    this.#world.disturbed();
    return partition;
  }

  /** Lets everything pass again. */
  heal(): void {
    this.#world.disturbed();
    for (const path of this.#paths.values()) if (path.settings.cut) path.settings = { ...path.settings, cut: false };
    for (const partition of [...this.#parts.keys()]) partition.heal();
    for (const path of this.#paths.values()) this.#release(path);
  }

  /** How much waits for a way to be whole. */
  get waiting(): number {
    let sum = 0;
    for (const { waiting } of this.#paths.values()) sum += waiting.length;
    return sum;
  }

  /** Is a way cut? */
  isCut(from: SimulatedMachine | undefined, to: SimulatedMachine | undefined): boolean {
    if (from === to) return false;
    return this.#isCut(this.#between(nameOf(from), nameOf(to)), nameOf(from), nameOf(to));
  }

  /** Sends something on its way. */
  send(packet: Packet): void {
    const { from, to, label, bytes, lane } = packet;
    const { loop } = this.#world;
    if (from === to) return loop.unowned(() => loop.deliver(() => packet.arrive(), label, { port: lane }));
    const path = this.#between(nameOf(from), nameOf(to));
    const latency = this.#latency(path, label, bytes);
    const at = latency === undefined
      ? (lane.lastAt > loop.now ? lane.lastAt : anyTime)
      : Math.max(loop.now + latency, lane.lastAt);
    if (at !== anyTime) lane.lastAt = at;
    loop.unowned(() => loop.deliver(() => this.#arrive(path, packet), label, { port: lane, at }));
  }

  /** A system says again what nobody has answered. */
  sendAgain(send: () => void, what: string): void {
    const { loop } = this.#world;
    loop.setWorldTimer(send, retransmission, `${what} is sent again`);
  }

  #arrive(path: Path, packet: Packet): void {
    const { from, to, label, lane } = packet;
    if (this.#world.fails(packet)) return packet.lost();
    if (lane.waiting > 0 || this.#isCut(path, nameOf(from), nameOf(to))) {
      lane.waiting++;
      this.held++;
      path.waiting.push(packet);
      packet.held?.();
      return;
    }
    if (this.#isLost(path, label)) return packet.lost();
    packet.arrive();
  }

  #isCut(path: Path, from: string, to: string): boolean {
    if (path.isCut) return true;
    for (const sets of this.#parts.values()) if (isApart(sets, from, to)) return true;
    return false;
  }

  #isLost(path: Path, label: string): boolean {
    const { loss } = path.settings;
    if (loss === undefined || loss === 0) return this.#world.loses(label, `the connection is reset before ${label}`);
    if (loss < 1) return hashOf(this.#world.seed, `loss ${path.name} ${path.count}`) < loss * hashes;
    if (!this.#world.loop.ways.departs(label, `the connection is reset before ${label}`)) return false;
    path.settings = { ...path.settings, loss: loss - 1 };
    return true;
  }

  /** What a passage takes, in ms; `undefined` for any time. */
  #latency(path: Path, label: string, bytes: number): number | undefined {
    const { settings: { latency, bandwidth } } = path;
    const number = ++path.count;
    const { loop, seed } = this.#world;
    let takes: number | undefined;
    if (typeof latency === "number") takes = latency;
    else if (latency === undefined) takes = this.#world.takes(label) ?? this.#world.drawn(path.name, number);
    else {
      const [least, most] = latency;
      // In whole microseconds, and without functions whose last bit differs from engine to engine.
      takes = least +
        Math.floor((hashOf(seed, `latency ${path.name} ${number}`) / hashes) * (most - least) * 1000) / 1000;
    }
    if (bandwidth === undefined) return takes;
    path.busyUntil = Math.max(path.busyUntil, loop.now) + bytes * 1000 / bandwidth;
    return path.busyUntil - loop.now + (takes ?? 0);
  }

  /** What has waited for a way goes on, if that is whole now. */
  #release(path: Path): void {
    if (path.waiting.length === 0) return;
    const [first] = path.waiting;
    if (this.#isCut(path, nameOf(first!.from), nameOf(first!.to))) return;
    for (const packet of path.waiting.splice(0)) {
      packet.lane.waiting--;
      this.send(packet);
    }
  }

  #between(from: string, to: string): Path {
    const name = `${from}>${to}`;
    let path = this.#paths.get(name);
    if (path === undefined) this.#paths.set(name, path = new Path(name));
    return path;
  }
}

/** The world around the machines has no name that a machine may have. */
function nameOf(machine: SimulatedMachine | undefined): string {
  return machine === undefined ? "" : machine.name;
}

/** Does a partition lie between two? The world around is on no side. */
function isApart(sets: readonly ReadonlySet<string>[], from: string, to: string): boolean {
  if (from === "" || to === "") return false;
  const [one, other] = [sets.findIndex((set) => set.has(from)), sets.findIndex((set) => set.has(to))];
  return one !== other && (sets.length === 1 || (one >= 0 && other >= 0));
}

function checkPath(settings: PathSettings): void {
  checkOptions(settings, "link", ["latency", "loss", "bandwidth", "cut"]);
  const { latency, loss, bandwidth, cut } = settings;
  if (latency !== undefined) checkLatency(latency);
  if (loss !== undefined) {
    if (typeof loss !== "number") throw new TypeError(`loss has to be a number: received ${show(loss)}`);
    if (!(loss >= 0 && (loss < 1 || Number.isInteger(loss)))) {
      throw new RangeError(`loss is a chance below 1, or how many connections may be lost: received ${loss}`);
    }
  }
  if (bandwidth !== undefined) {
    if (typeof bandwidth !== "number") throw new TypeError(`bandwidth has to be a number: received ${show(bandwidth)}`);
    if (!(bandwidth > 0 && bandwidth < Infinity)) {
      throw new RangeError(`bandwidth is a number of bytes a second, above 0: received ${bandwidth}`);
    }
  }
  checkBoolean(cut, "cut");
}
