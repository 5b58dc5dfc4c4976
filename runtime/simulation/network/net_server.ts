/**
 * A listener for connections on a simulated network.
 *
 * @module
 */

import type { HostNetServer, HostSocket, NetAddress } from "../../port/net.ts";
import type { SimulatedLoop } from "../loop/loop.ts";

/** What the network is to its listeners. */
export interface Ports {
  readonly loop: SimulatedLoop;
  /** Takes a place for a server and answers with its port, or 0 for a path; `undefined` if it is taken. */
  open(address: NetAddress, server: SimulatedNetServer): number | undefined;
  close(server: SimulatedNetServer): void;
}

/** A server as `node:net` has them. */
export class SimulatedNetServer implements HostNetServer {
  readonly place: Error | undefined;
  readonly #ports: Ports;
  readonly #listeners = new Map<string, ((value: never) => void)[]>();
  readonly #event: "connection" | "secureConnection";
  #port: number | undefined;

  /** `event` is what tells of a new connection. */
  constructor(ports: Ports, event: "connection" | "secureConnection") {
    this.#ports = ports;
    this.#event = event;
    this.place = ports.loop.place;
  }

  on(event: string, listener: (value: never) => void): void {
    this.#listeners.set(event, [...this.#listeners.get(event) ?? [], listener]);
  }

  once(event: string, listener: (value: never) => void): void {
    this.on(event, listener);
  }

  listen(address: NetAddress): void {
    const port = this.#port = this.#ports.open(address, this);
    const where = "path" in address ? address.path : `port ${address.port}`;
    this.#ports.loop.callSoon(() => {
      if (port !== undefined) return this.#emit("listening", undefined);
      this.#emit("error", Object.assign(new Error(`listen EADDRINUSE: ${where} is in use`), { code: "EADDRINUSE" }));
    });
  }

  address(): { port: number } | null {
    return this.#port === undefined ? null : { port: this.#port };
  }

  /** Somebody has connected. */
  accept(socket: HostSocket): void {
    this.#emit(this.#event, socket);
  }

  close(done: () => void): void {
    this.#ports.close(this);
    this.#ports.loop.callSoon(done);
  }

  #emit(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never);
  }
}
