/**
 * Connecting and listening between machines of a simulation.
 *
 * ```
 *   connect ──"a connection to db-1:5432"──> its system ──somebody listens──> both ends are there ──the answer──> "connect"
 *      │                                        ├─ nobody listens ──────────────────────────────────────────────> ECONNREFUSED
 *      └─ the way is cut, or there is no power: 127 s pass ─────────────────────────────────────────────────────> ETIMEDOUT
 * ```
 *
 * @module
 */

import type { NetAddress } from "../../port/net.ts";
import type { Life } from "../machines/life.ts";
import { machineOf, type SimulatedMachine } from "../machines/simulated_machine.ts";
import type { SimulatedServer } from "./http_server.ts";
import { MachineSocket, type SocketWorld } from "./machine_socket.ts";
import { SimulatedNetServer } from "./net_server.ts";
import type { SocketEnd } from "./socket_end.ts";

/** What takes a connection that has come to a server; `undefined` where it takes none of that kind. */
export type Taken = (
  server: SimulatedServer | SimulatedNetServer,
) => ((socket: SocketEnd) => void) | undefined;

/** A listener takes connections of bytes, a server of HTTP does not. */
export const bytes: Taken = (server) =>
  server instanceof SimulatedNetServer ? (socket) => server.accept(socket) : undefined;

/** What the network is to those who connect on it. */
export interface ConnectionsWorld extends Omit<SocketWorld, "leave"> {
  /** The machine that a host name or an address leads to. */
  resolve(hostname: string): SimulatedMachine | undefined | "unknown";
  addressOf(machine: SimulatedMachine | undefined): string;
  /** Who listens in a program, or in the body. */
  listenersOf(life: Life | undefined): ReadonlyMap<number | string, SimulatedServer | SimulatedNetServer>;
  nextPort(): number;
}

/** For how long a system asks for a connection, in ms. */
const knocking = 127_000;

/** All connections of bytes of one run with machines. */
export class MachineConnections implements SocketWorld {
  readonly #world: ConnectionsWorld;
  readonly #open = new Set<MachineSocket>();

  constructor(world: ConnectionsWorld) {
    this.#world = world;
  }

  get machines(): SocketWorld["machines"] {
    return this.#world.machines;
  }

  get paths(): SocketWorld["paths"] {
    return this.#world.paths;
  }

  cuts(label: string, bytes: Uint8Array): number {
    return this.#world.cuts(label, bytes);
  }

  leave(socket: MachineSocket): void {
    this.#open.delete(socket);
  }

  /** A socket that begins to connect. With `isWhole` its chunks come as they were sent. */
  connect(address: NetAddress, taken: Taken, isWhole: boolean): SocketEnd {
    const { loop } = this.machines;
    const life = loop.asker as Life | undefined;
    const key = "path" in address ? address.path : address.port;
    const to = "path" in address ? machineOf(life) : this.#world.resolve(address.host);
    const where = "path" in address ? address.path : `${address.host}:${address.port}`;
    const number = this.#world.nextPort();
    const target = to === "unknown" ? undefined : to;
    const socket = new MachineSocket(this, life, `client ${number} of ${where}`, {
      localPort: number,
      remotePort: typeof key === "number" ? key : 0,
      remoteAddress: target === machineOf(life) ? "127.0.0.1" : this.#world.addressOf(target),
    }, isWhole);
    // What a program asks for that has ended comes to nothing.
    if (life?.isOver === true) return socket;
    if (to === "unknown") {
      loop.callSoon(() => socket.fail("EHOSTUNREACH", `connect EHOSTUNREACH ${where}`));
      return socket;
    }
    this.#open.add(socket);
    const call: Call = { socket, to, key, where, taken, isWhole, giveUpAt: loop.now + knocking };
    if (this.paths.isCut(machineOf(life), to)) this.#hang(call);
    this.#knock(call);
    return socket;
  }

  #knock(call: Call): void {
    const { socket, to, where } = call;
    this.paths.send({
      from: machineOf(socket.life),
      to,
      label: `a connection to ${where}`,
      bytes: 0,
      lane: socket.lane,
      arrive: () => this.#come(call),
      lost: () => socket.reset(),
      held: () => this.#hang(call),
    });
  }

  /** Nobody answers, for now. */
  #hang({ socket, giveUpAt }: Call): void {
    socket.beImpatient(Math.max(giveUpAt - this.machines.loop.now, 0), "connect");
  }

  /** Somebody knocks at a machine. */
  #come(call: Call): void {
    const { socket, to, key, where, taken, isWhole } = call;
    if (socket.isGone) return;
    if (to !== undefined && !to.hasPower) {
      this.#hang(call);
      return to.whenPowered(() =>
        this.paths.sendAgain(() => socket.isGone || this.#knock(call), `client ${socket.localPort}`)
      );
    }
    const life = to?.alive;
    const server = to !== undefined && life === undefined ? undefined : this.#world.listenersOf(life).get(key);
    const take = server && taken(server);
    const from = machineOf(socket.life);
    const lane = { lastAt: 0, waiting: 0 };
    if (take === undefined) {
      const refuse = (): void => socket.fail("ECONNREFUSED", `connect ECONNREFUSED ${where}`);
      const arrive = (): void => socket.reach(`${where} refuses`, refuse);
      return this.paths.send({ from: to, to: from, label: `${where} refuses`, bytes: 0, lane, arrive, lost: arrive });
    }
    const label = `the server's side of client ${socket.localPort}`;
    const ends = {
      localPort: socket.remotePort,
      remotePort: socket.localPort,
      remoteAddress: to === from ? "127.0.0.1" : this.#world.addressOf(from),
    };
    const other = new MachineSocket(this, life, label, ends, isWhole);
    other.join(socket);
    this.#open.add(other);
    const answer = `the answer to client ${socket.localPort}`;
    this.paths.send({
      from: to,
      to: from,
      label: answer,
      bytes: 0,
      lane: other.lane,
      arrive: () => {
        if (socket.isGone) return;
        socket.bePatient();
        socket.reach(answer, () => socket.connected());
      },
      lost: () => socket.reset(),
    });
    other.reach(`a connection to ${where}`, () => take(other));
  }

  /** Has a program a connection open? */
  holds(life: Life): boolean {
    for (const socket of this.#open) if (socket.life === life) return true;
    return false;
  }

  /** A program has ended. */
  ended(life: Life, power: boolean): void {
    for (const socket of [...this.#open]) if (socket.life === life) socket.ended(power);
  }

  /** All that are open break. */
  reset(): void {
    for (const socket of [...this.#open]) socket.reset();
  }

  /** All that are open are half-open from now on. */
  lose(): void {
    for (const socket of this.#open) socket.lose();
  }

  /** What the body has left open. */
  get left(): readonly MachineSocket[] {
    return [...this.#open].filter(({ life }) => life === undefined);
  }
}

/** Somebody who knocks. */
interface Call {
  readonly socket: MachineSocket;
  readonly to: SimulatedMachine | undefined;
  readonly key: number | string;
  readonly where: string;
  readonly taken: Taken;
  readonly isWhole: boolean;
  /** When the system that asks gives up, in ms of the loop's clock. */
  readonly giveUpAt: number;
}
