/**
 * A network for the programs of a simulation: `fetch` reaches the servers that listen in the same simulation, `connect` the
 * listeners, and each passage over it is an event of the schedule.
 *
 * @module
 */

import type { HttpListener, HttpListenOptions } from "../../port/http.ts";
import type {
  HostAddress,
  HostNet,
  HostNetServer,
  HostSocket,
  NetAddress,
  SecureServerSettings,
} from "../../port/net.ts";
import { portOf } from "../../basics/authority.ts";
import { cutPlaces } from "../../basics/cut_places.ts";
import { placeOf, refusal } from "../loop/errors.ts";
import type { SimulatedLoop } from "../loop/loop.ts";
import { anyTime } from "../loop/loop_event.ts";
import type { World } from "../loop/world.ts";
import type { Faults } from "../faults/faults.ts";
import type { Life } from "../machines/life.ts";
import type { Machines } from "../machines/machines.ts";
import { SimulatedServer } from "./http_server.ts";
import { Link, type LinkSettings } from "./link.ts";
import { bytes, type Taken } from "./machine_connections.ts";
import { type Listeners, MachineNetwork } from "./machine_network.ts";
import type { MachineName, Partition, PathSettings } from "./paths.ts";
import { localHosts } from "./names.ts";
import { type Ports, SimulatedNetServer } from "./net_server.ts";
import type { Network } from "./network.ts";
import { PlainFetch } from "./plain_fetch.ts";
import { type Carrier, SimulatedSocket } from "./socket.ts";
import type { SocketEnd } from "./socket_end.ts";

/** A world in which there may be machines. */
interface NetworkWorld extends World {
  readonly hasMachines: boolean;
  readonly machines: Machines;
  readonly faults: Faults;
}

const firstFreePort = 49_152;

/** The network of one run. */
export class SimulatedNetwork implements Network, HostNet, Carrier, Ports {
  fragments = 1;
  readonly #link = new Link();
  readonly #world: NetworkWorld;
  readonly #servers: Listeners = new Map();
  readonly #sockets = new Set<SimulatedSocket>();
  #nextPort = firstFreePort;
  /** Those who wait for the network to be whole again. */
  #waiting: Set<() => void> | undefined;
  /** Takes what is on its way now for lost; renewed when it is. */
  #era: object = {};
  #fetch: PlainFetch | undefined;
  #betweenMachines: MachineNetwork | undefined;

  constructor(world: NetworkWorld) {
    this.#world = world;
  }

  /** That between machines, where there are any. */
  get betweenMachines(): MachineNetwork | undefined {
    if (!this.#world.hasMachines) return undefined;
    return this.#betweenMachines ??= new MachineNetwork({
      world: this.#world,
      listeners: this.#servers,
      takes: (what) => this.takes(what),
      loses: (label, told) => this.loses(label, told),
      cuts: (label, bytes) => this.cuts(label, bytes),
      nextPort: () => this.#nextPort++,
    });
  }

  /** Who listens where whoever asks is. */
  get #listeners(): Listeners {
    return this.betweenMachines?.listenersHere ?? this.#servers;
  }

  /** Has a program of a machine something open that holds its process? */
  holds(life: Life): boolean {
    return this.betweenMachines!.holds(life);
  }

  /** A program of a machine has ended. */
  ended(life: Life, power: boolean): void {
    this.betweenMachines!.ended(life, power);
  }

  get loop(): SimulatedLoop {
    return this.#world.loop;
  }

  get latency(): number | undefined {
    return this.#link.latency;
  }

  set latency(latency: number | undefined) {
    this.#link.latency = latency;
  }

  get loss(): number {
    return this.#link.loss;
  }

  set loss(loss: number) {
    this.#link.loss = loss;
  }

  link(settings: LinkSettings): void;
  link(from: MachineName, to: MachineName, settings: PathSettings): void;
  link(...args: [LinkSettings] | [MachineName, MachineName, PathSettings]): void {
    if (args.length === 1) this.#link.set(args[0]);
    else this.#between("link").link(...args);
  }

  partition(...groups: readonly MachineName[][]): Partition {
    if (groups.length > 0) return this.#between("partition").partition(groups);
    this.#waiting ??= new Set();
    return { heal: () => this.heal(), [Symbol.dispose]: () => this.heal() };
  }

  #between(what: string): MachineNetwork {
    if (this.betweenMachines === undefined) throw new RangeError(`${what} is between machines: there are none yet`);
    return this.betweenMachines;
  }

  heal(): void {
    this.betweenMachines?.paths.heal();
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const pass of waiting) pass();
  }

  get isPartitioned(): boolean {
    return this.#waiting !== undefined;
  }

  /** How much waits for the network to be whole again. */
  get waiting(): number {
    return (this.#waiting?.size ?? 0) + (this.betweenMachines?.paths.waiting ?? 0);
  }

  whenWhole(fn: () => void): void {
    this.#waiting!.add(fn);
  }

  waitsNot(fn: () => void): void {
    this.#waiting?.delete(fn);
  }

  get era(): object {
    return this.#era;
  }

  hasServer(port: number): boolean {
    return this.#servers.has(port);
  }

  serverOn(port: number): SimulatedServer | undefined {
    const server = this.#servers.get(port);
    return server instanceof SimulatedServer ? server : undefined;
  }

  reset(): void {
    this.betweenMachines?.reset();
    for (const socket of [...this.#sockets]) socket.reset();
    for (const server of this.#servers.values()) if (server instanceof SimulatedServer) server.reset();
  }

  halfOpen(): void {
    this.betweenMachines?.halfOpen();
    this.#era = {};
    for (const socket of this.#sockets) socket.lose();
  }

  takes(what: string): number | undefined {
    return this.#link.takes(this.loop, what);
  }

  loses(label: string, told: string): boolean {
    return this.#link.loses(this.loop, label, told);
  }

  stops(what: string): boolean {
    if (this.isPartitioned) return true;
    const { loop } = this;
    const duration = this.#link.parts(loop, what);
    if (duration === 0) return false;
    this.partition();
    // It is the world that heals, whether the program waits for it or not.
    loop.setWorldTimer(() => this.heal(), duration, "the network heals");
    return true;
  }

  cuts(label: string, bytes: Uint8Array): number {
    if (this.fragments <= 0) return 0;
    const at = this.loop.ways.cut(label, cutPlaces(bytes));
    if (at > 0) this.fragments--;
    return at;
  }

  leave(socket: SimulatedSocket): void {
    this.#sockets.delete(socket);
  }

  /** What is left of it at the end of a run. */
  get left(): readonly string[] {
    const sockets: SocketEnd[] = [...this.#sockets, ...this.betweenMachines?.connections.left ?? []];
    if (this.#servers.size + sockets.length === 0) return [];
    return [
      ...[...this.#servers].map(([where, server]) => {
        const place = server instanceof SimulatedNetServer ? placeOf(server.place) : "";
        return typeof where === "number" ? `the server on port ${where}${place}` : `the server at ${where}${place}`;
      }),
      ...sockets.map(({ name, place }) => `the connection of ${name}, not closed${placeOf(place)}`),
    ];
  }

  /** `HostNetwork.listenHttp` on this network. */
  listen(options: HttpListenOptions): Promise<HttpListener> {
    if (options.unix !== undefined) {
      return Promise.reject(new TypeError("The network of a simulation has no Unix sockets for HTTP"));
    }
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    const listeners = this.#listeners;
    if (listeners.has(port)) {
      return Promise.reject(Object.assign(new Error(`The port ${port} is in use`), { code: "EADDRINUSE" }));
    }
    const { context } = this.#world;
    const captured = context.capture();
    const enter = (fn: () => void): void => context.resume(captured, fn, undefined);
    const server = new SimulatedServer(options, port, () => listeners.delete(port), enter);
    listeners.set(port, server);
    return Promise.resolve(server);
  }

  /** `HostNet.createServer` on this network. What TLS would encrypt is not encrypted here. */
  createServer(tls: SecureServerSettings | undefined): HostNetServer {
    return new SimulatedNetServer(this, tls === undefined ? "connection" : "secureConnection");
  }

  /** Without others there is one machine. */
  lookup(hostname: string): Promise<readonly HostAddress[]> {
    const between = this.betweenMachines;
    if (between !== undefined) return between.lookup(hostname);
    if (!localHosts.test(hostname)) refusal("connect")();
    return Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
  }

  /** Nothing is encrypted: what matters here is the order. */
  secure(socket: HostSocket): HostSocket {
    const label = "the handshake of TLS";
    this.#deliver(
      () => socket.destroyed || (socket as SocketEnd).emit("secureConnect"),
      label,
      `${label} is done`,
    );
    return socket;
  }

  open(address: NetAddress, server: SimulatedNetServer): number | undefined {
    const key = "path" in address ? address.path : address.port === 0 ? this.#nextPort++ : address.port;
    if (this.#listeners.has(key)) return undefined;
    this.#listeners.set(key, server);
    return typeof key === "number" ? key : 0;
  }

  close(server: SimulatedNetServer): void {
    const listeners = this.#listeners;
    for (const [key, other] of listeners) if (other === server) listeners.delete(key);
  }

  connect(address: NetAddress): HostSocket {
    return this.begin(address, bytes, false);
  }

  /** `HostNetwork.station`. */
  station(name: string, make: () => (socket: HostSocket) => void): (() => HostSocket) | undefined {
    return this.betweenMachines?.station(name, this, make);
  }

  /** A socket that begins to connect to a server that is `taken`; with `isWhole` its chunks come as they were sent. */
  begin(address: NetAddress, taken: Taken, isWhole: boolean): SocketEnd {
    const between = this.betweenMachines;
    return between === undefined
      ? this.#begin(address, taken, isWhole)
      : between.connections.connect(address, taken, isWhole);
  }

  #begin(address: NetAddress, taken: Taken, isWhole: boolean): SocketEnd {
    const key = "path" in address ? address.path : address.port;
    if ("host" in address && !this.#servers.has(key) && !localHosts.test(address.host)) refusal("connect")();
    const port = typeof key === "number" ? key : 0;
    const where = port === 0 ? key : `port ${key}`;
    const number = this.#nextPort++;
    const way = typeof key === "number" ? `127.0.0.1:${port}` : key;
    const socket = new SimulatedSocket(this, `client ${number} of ${where}`, way, number, port, isWhole);
    this.#sockets.add(socket);
    const label = `a connection to ${where}`;
    const what = `the connection to ${way} is made`;
    const connect = (): void => {
      if (socket.destroyed) return;
      if (this.stops(what)) return this.whenWhole(() => this.#deliver(connect, label, what));
      if (this.loses(label, `the connection to ${way} is reset before it is made`)) return socket.reset();
      const server = this.#servers.get(key);
      const take = server && taken(server);
      if (take === undefined) return socket.fail("ECONNREFUSED", `connect ECONNREFUSED ${where}`);
      const other = new SimulatedSocket(this, `the server's side of client ${number}`, way, port, number, isWhole);
      other.join(socket);
      this.#sockets.add(other);
      take(other);
      const answered = `the client of ${way} knows that it is connected`;
      this.#deliver(() => socket.destroyed || socket.emit("connect"), `the answer to client ${number}`, answered);
    };
    this.#deliver(connect, label, what);
    return socket;
  }

  /** Does a server of this network listen where a URL leads to? */
  serves(url: string): boolean {
    if (!URL.canParse(url)) return false;
    const parsed = new URL(url);
    const { hostname } = parsed;
    const between = this.betweenMachines;
    if (localHosts.test(hostname)) return this.#listeners.has(portOf(parsed));
    return between !== undefined && between.resolve(hostname) !== "unknown";
  }

  /** `fetch` on this network. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    return this.betweenMachines?.fetch(input, init) ?? (this.#fetch ??= new PlainFetch(this)).fetch(input, init);
  }

  #deliver(fn: () => void, label: string, what: string): void {
    const { loop } = this;
    const latency = this.takes(what);
    loop.deliver(fn, label, { at: latency === undefined ? anyTime : loop.now + latency });
  }
}
