/**
 * The network between the machines of a simulation: who listens where, who is called what, and what a program leaves behind that ends.
 *
 * @module
 */

import type { HostAddress, HostSocket } from "../../port/net.ts";
import type { World } from "../loop/world.ts";
import type { Faults } from "../faults/faults.ts";
import type { Life } from "../machines/life.ts";
import type { Machines } from "../machines/machines.ts";
import { machineOf, type SimulatedMachine } from "../machines/simulated_machine.ts";
import { failed } from "./fetch_abort.ts";
import { requestOf, type SentRequest } from "./fetch_request.ts";
import { SimulatedServer } from "./http_server.ts";
import { type CallWorld, MachineCall } from "./machine_call.ts";
import { bytes, MachineConnections } from "./machine_connections.ts";
import { addressAt, localHosts, placeOfAddress } from "./names.ts";
import { type Ports, SimulatedNetServer } from "./net_server.ts";
import { follow } from "./redirects.ts";
import { type MachineName, type Partition, Paths, type PathSettings } from "./paths.ts";

/** Where something of the world's listens on its machine. */
const stationPort = 1;

/** Who listens, by port, or by path. */
export type Listeners = Map<number | string, SimulatedServer | SimulatedNetServer>;

/** What the network of the whole run is to that between machines. */
export interface WholeNetwork {
  readonly world: World & { readonly machines: Machines; readonly faults: Faults };
  /** Who listens in the body itself. */
  readonly listeners: Listeners;
  takes(what: string): number | undefined;
  loses(label: string, told: string): boolean;
  cuts(label: string, bytes: Uint8Array): number;
  nextPort(): number;
}

/** The network between the machines of one run. */
export class MachineNetwork implements CallWorld {
  readonly machines: Machines;
  readonly paths: Paths;
  readonly #whole: WholeNetwork;
  readonly connections: MachineConnections;
  readonly #listeners = new Map<Life, Listeners>();
  readonly #calls = new Set<MachineCall>();

  constructor(whole: WholeNetwork) {
    const { world } = whole;
    this.#whole = whole;
    this.machines = world.machines;
    this.paths = new Paths({
      loop: world.loop,
      seed: world.machines.seed,
      disturbed: () => world.machines.disturbed(),
      fails: ({ from, to, label }) => world.faults.packet(from, to, label),
      drawn: (path, number) => world.faults.plan.latency(path, number),
      takes: (what) => whole.takes(what),
      loses: (label, told) => whole.loses(label, told),
    });
    this.connections = new MachineConnections({
      machines: this.machines,
      paths: this.paths,
      cuts: (label, bytes) => whole.cuts(label, bytes),
      nextPort: () => whole.nextPort(),
      resolve: (hostname) => this.resolve(hostname),
      addressOf: (machine) => this.addressOf(machine),
      listenersOf: (life) => this.listenersOf(life),
    });
  }

  /** Who listens on the machine of whoever asks. */
  get listenersHere(): Listeners {
    return this.listenersOf(this.#whole.world.loop.asker as Life | undefined);
  }

  /** Who listens in a program, or in the body. */
  listenersOf(life: Life | undefined): Listeners {
    if (life === undefined) return this.#whole.listeners;
    let found = this.#listeners.get(life);
    if (found === undefined) {
      found = new Map();
      // What a program opens that has ended is nowhere.
      if (!life.isOver) this.#listeners.set(life, found);
    }
    return found;
  }

  serverOn(machine: SimulatedMachine | undefined, port: number): SimulatedServer | undefined {
    if (machine !== undefined && machine.alive === undefined) return undefined;
    const server = this.listenersOf(machine?.alive).get(port);
    return server instanceof SimulatedServer ? server : undefined;
  }

  /** All connections that are open break. */
  reset(): void {
    this.connections.reset();
    for (const call of [...this.#calls]) call.reset();
  }

  /** Nothing of all connections that are open gets through any more. */
  halfOpen(): void {
    this.connections.lose();
    for (const call of this.#calls) call.lose();
  }

  /** The addresses of a name, where there is a machine of it. */
  lookup(hostname: string): Promise<readonly HostAddress[]> {
    const machine = this.resolve(hostname);
    if (machine === "unknown") return Promise.reject(notFound(hostname));
    const isLocal = localHosts.test(hostname) && this.machines.find(hostname) === undefined;
    return Promise.resolve([{ address: isLocal ? "127.0.0.1" : this.addressOf(machine), family: 4 }]);
  }

  forget(call: MachineCall): void {
    this.#calls.delete(call);
  }

  /** The machine that a host name or an address leads to: that of whoever asks, where it is a local one; `"unknown"` for one of none. */
  resolve(hostname: string): SimulatedMachine | undefined | "unknown" {
    const found = this.machines.find(hostname);
    if (found !== undefined) return found;
    if (localHosts.test(hostname)) return machineOf(this.#whole.world.loop.asker as Life | undefined);
    const place = placeOfAddress(hostname);
    if (place === 0) return undefined;
    return [...this.machines.all][place - 1] ?? "unknown";
  }

  /** The address by which others reach a machine, or the body. */
  addressOf(machine: SimulatedMachine | undefined): string {
    return addressAt(machine === undefined ? 0 : [...this.machines.all].indexOf(machine) + 1);
  }

  /** `fetch` of whoever asks. */
  async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = requestOf(input, init);
    return await follow(request instanceof Promise ? await request : request, (each) => this.#send(each));
  }

  #send(request: SentRequest): Promise<Response> {
    const { signal, target: { hostname } } = request;
    return new Promise((resolve, reject) => {
      // What a program asks for that has ended comes to nothing.
      if (this.#whole.world.loop.asker?.isOver === true) return;
      signal?.throwIfAborted();
      const to = this.resolve(hostname);
      if (to === "unknown") throw failed(notFound(hostname));
      const aborted = (): void => call.abort(signal!.reason);
      const over = (): void => signal?.removeEventListener("abort", aborted);
      const call = new MachineCall(this, request, to, { answered: resolve, failed: reject, over });
      signal?.addEventListener("abort", aborted);
      this.#calls.add(call);
      call.start();
    });
  }

  /** Has a program something open that holds its process? */
  holds(life: Life): boolean {
    if ((this.#listeners.get(life)?.size ?? 0) > 0 || this.connections.holds(life)) return true;
    for (const { client } of this.#calls) if (client === life) return true;
    return false;
  }

  /** A program has ended, with the power of its machine or with that on. */
  ended(life: Life, power: boolean): void {
    this.#listeners.delete(life);
    this.connections.ended(life, power);
    for (const call of [...this.#calls]) if (call.client === life || call.server === life) call.ended(life, power);
  }

  /** Cuts a machine off from all others; the answer ends that, and tells whether anything had to wait. */
  isolate({ name }: SimulatedMachine): () => boolean {
    const before = this.paths.held;
    const partition = this.paths.part([[name]]);
    return () => {
      partition.heal();
      return this.paths.held > before;
    };
  }

  /** Cuts one direction between two machines, likewise. */
  cut(from: SimulatedMachine, to: SimulatedMachine): () => boolean {
    const before = this.paths.held;
    const end = this.paths.cut(from.name, to.name);
    return () => {
      end();
      return this.paths.held > before;
    };
  }

  /** `HostNetwork.station`: nothing runs on its machine but what takes connections. */
  station(name: string, ports: Ports, make: () => (socket: HostSocket) => void): () => HostSocket {
    if (this.machines.find(name) === undefined) {
      this.machines.add(name, () => {}, {});
      const server = new SimulatedNetServer(ports, "connection");
      server.on("connection", make());
      this.listenersOf(this.machines.find(name)!.alive).set(stationPort, server);
    }
    // Its connections are not cut into chunks: what they carry is not the program's.
    return () => this.connections.connect({ host: name, port: stationPort }, bytes, true);
  }

  /** `Network.link` between two machines. */
  link(from: MachineName, to: MachineName, settings: PathSettings): void {
    this.paths.set(this.#nameOf(from), this.#nameOf(to), settings);
  }

  /** `Network.partition` between groups of machines. */
  partition(groups: readonly (readonly MachineName[])[]): Partition {
    return this.paths.part(groups.map((group) => group.map((each) => this.#nameOf(each))));
  }

  #nameOf(machine: MachineName): string {
    const name = typeof machine === "string" ? machine : machine?.name;
    if (this.machines.find(name) !== undefined) return name;
    const known = [...this.machines.all].map((each) => each.name).join(", ");
    throw new RangeError(`There is no machine ${String(name)}; there are: ${known || "none"}`);
  }
}

function notFound(hostname: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: "ENOTFOUND" });
}
