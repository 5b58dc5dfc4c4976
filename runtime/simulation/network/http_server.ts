/**
 * A server of HTTP on a simulated network, and the requests that it has.
 *
 * @module
 */

import { Exchange } from "../../hosts/common/exchange.ts";
import type { HttpListener, HttpListenOptions } from "../../port/http.ts";

/** An HTTP server of the network. */
export class SimulatedServer implements HttpListener {
  readonly options: HttpListenOptions;
  readonly port: number;
  readonly #leave: () => void;
  readonly #enter: (fn: () => void) => void;
  readonly #open = new Set<ServedExchange>();
  #drained: (() => void) | undefined;

  /** `enter` calls a function in the flow of control that has opened it. */
  constructor(options: HttpListenOptions, port: number, leave: () => void, enter: (fn: () => void) => void) {
    this.options = options;
    this.port = port;
    this.#leave = leave;
    this.#enter = enter;
  }

  /** Calls a function as code of whoever has opened it. */
  enter(fn: () => void): void {
    this.#enter(fn);
  }

  add(exchange: ServedExchange): void {
    this.#open.add(exchange);
  }

  remove(exchange: ServedExchange): void {
    this.#open.delete(exchange);
    if (this.#open.size === 0) this.#drained?.();
  }

  async stop(): Promise<void> {
    this.#leave();
    if (this.#open.size > 0) await new Promise<void>((resolve) => this.#drained = resolve);
  }

  abort(): void {
    for (const exchange of this.#open) exchange.cut();
  }

  /** The connections of all exchanges break. */
  reset(): void {
    for (const exchange of this.#open) exchange.lose();
  }
}

/** A request that a server has. */
export abstract class ServedExchange extends Exchange {
  readonly #server: SimulatedServer;

  constructor(server: SimulatedServer) {
    super();
    this.#server = server;
    server.add(this);
  }

  /** The connection breaks on its way. */
  abstract lose(): void;

  override finish(...[end, error]: Parameters<Exchange["finish"]>): void {
    if (this.end === undefined) this.#server.remove(this);
    super.finish(end, error);
  }
}
