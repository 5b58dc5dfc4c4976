/**
 * Connections and servers of Node's modules in a simulation that allows them: what is on its way on them is waited for.
 *
 * @module
 */

import { builtin } from "../../hosts/common/node_process.ts";
import { type Flight, type InFlight, longestWait, shortWait } from "../loop/in_flight.ts";
import type { World } from "../loop/world.ts";
import { localPortOf } from "./fetches.ts";
import type { Callable, Wrap } from "./waited_for.ts";

interface Emitter {
  once(name: string | symbol, listener: (...args: never[]) => void): unknown;
  prependListener(name: string, listener: (...args: never[]) => void): unknown;
}

/** A `net.Socket`. */
interface Socket extends Emitter {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly connecting: boolean;
  readonly destroyed: boolean;
  readonly localPort?: number;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

/** A `net.Server`. */
interface Server extends Emitter {
  readonly listening: boolean;
  address(): { readonly port?: number } | string | null;
}

/** The connections of one run. */
class Connections {
  readonly clients = new Map<Socket, ClientFlight>();
  /** Those that servers of the run have accepted, by the port of the client. */
  readonly accepted = new Map<number, Socket>();
}

const all = new WeakMap<InFlight, Connections>();

function connectionsOf({ flights }: World): Connections {
  let found = all.get(flights);
  if (found === undefined) all.set(flights, found = new Connections());
  return found;
}

/** A connection that the body has made. An answer is expected when it was the last to send; when not, there may be more to come. */
class ClientFlight implements Flight {
  isOver = false;
  isReferenced = true;
  hasAsked = true;
  readonly #socket: Socket;
  readonly #accepted: ReadonlyMap<number, Socket>;

  constructor(socket: Socket, { accepted }: Connections) {
    this.#socket = socket;
    this.#accepted = accepted;
  }

  get patience(): number {
    const { localPort, connecting, destroyed } = this.#socket;
    if (!this.isReferenced) return 0;
    if (destroyed) return shortWait;
    const other = connecting || localPort === undefined ? undefined : this.#accepted.get(localPort);
    if (other === undefined) return this.hasAsked ? longestWait : shortWait;
    // Both ends are here: nothing is on its way but what one has sent and the other has not seen.
    return isUnderWay(this.#socket, other) || isUnderWay(other, this.#socket) ? shortWait : 0;
  }

  get signs(): number {
    return signsOf(this.#socket);
  }
}

function isUnderWay(from: Socket, to: Socket): boolean {
  return (from.bytesWritten ?? 0) !== to.bytesRead;
}

function signsOf({ bytesRead, bytesWritten, connecting, destroyed }: Socket): number {
  return bytesRead + (bytesWritten ?? 0) + (connecting ? 0 : 1) + (destroyed ? 1 : 0);
}

/** `net.Socket.prototype.connect`. */
export const connectOf: Wrap = (world, _label, own) =>
  function (this: Socket, ...args: unknown[]): unknown {
    const connections = connectionsOf(world);
    const flight = new ClientFlight(this, connections);
    const result: unknown = Reflect.apply(own, this, args);
    connections.clients.set(this, flight);
    world.flights.add(flight);
    this.once("close", () => {
      flight.isOver = true;
      connections.clients.delete(this);
    });
    return result;
  };

/** What sends on a socket, or takes what has come, or says whether it holds the process. */
function noting(note: (flight: ClientFlight) => void): Wrap {
  return (world, _label, own) =>
    function (this: Socket, ...args: unknown[]): unknown {
      const flight = connectionsOf(world).clients.get(this);
      if (flight !== undefined) note(flight);
      return Reflect.apply(own, this, args);
    };
}

/** Other methods of sockets, by their names. */
export const socketMethods: Readonly<Record<string, Wrap>> = {
  write: noting((flight) => flight.hasAsked = true),
  end: noting((flight) => flight.hasAsked = true),
  push: noting((flight) => flight.hasAsked = false),
  ref: noting((flight) => flight.isReferenced = true),
  unref: noting((flight) => flight.isReferenced = false),
};

/** `listen` of a server. An idle one holds nothing up; what has just come to it may go on. */
export const listenOf: Wrap = (world, _label, own) =>
  function (this: Server, ...args: unknown[]): unknown {
    const { flights } = world;
    const connections = connectionsOf(world);
    const opening = new Steps();
    let port: number | undefined;
    const result: unknown = Reflect.apply(own, this, args);
    flights.add(opening);
    // Which is not taken for a listener that handles the error.
    const { errorMonitor } = builtin<{ errorMonitor: symbol }>("node:events");
    this.once(errorMonitor, () => opening.isOver = true);
    const listening = (): void => {
      opening.isOver = true;
      const address = this.address();
      port = typeof address === "object" ? address?.port : undefined;
      // Who asks a server that knows no requests waits for bytes, which are looked after.
      if (port !== undefined) flights.served.set(port, isHttp(this) ? 0 : Infinity);
    };
    if (this.listening) listening();
    else this.once("listening", listening);
    this.prependListener("connection", (socket: Socket) => accept(world, connections, socket));
    if (isHttp(this)) {
      this.prependListener("request", (_request: unknown, response: Emitter) => {
        if (port === undefined) return;
        flights.serve(port, 1);
        response.once("close", () => flights.serve(port!, -1));
      });
    }
    return result;
  };

/** `close` of a server: it tells when its connections are gone. */
export const closeOf: Wrap = (world, _label, own) =>
  function (this: Server, ...args: unknown[]): unknown {
    const closing = new Steps();
    closing.tell();
    this.once("close", () => closing.end());
    world.flights.add(closing);
    return Reflect.apply(own, this, args);
  };

/** Does it tell of requests, whatever host has made it? */
function isHttp(server: object): boolean {
  return "headersTimeout" in server || "keepAliveTimeout" in server;
}

function accept({ flights }: World, { accepted, clients }: Connections, socket: Socket): void {
  const { remotePort } = socket;
  if (remotePort !== undefined) accepted.set(remotePort, socket);
  let isOver = false;
  socket.once("close", () => {
    isOver = true;
    if (remotePort !== undefined) accepted.delete(remotePort);
  });
  flights.add({
    get patience() {
      for (const client of clients.keys()) if (client.localPort === remotePort) return 0;
      return shortWait;
    },
    get signs() {
      return signsOf(socket);
    },
    get isOver() {
      return isOver;
    },
  });
}

/** What goes step by step: a thread, a program, a socket of messages. */
export class Steps implements Flight {
  isOver = false;
  signs = 0;
  patience: number = longestWait;
  readonly port: number | undefined;

  constructor(port?: number) {
    this.port = port;
  }

  /** It has been given something to do. */
  ask(): void {
    this.signs++;
    this.patience = longestWait;
  }

  /** Something has come of it, and more may follow. */
  tell(): void {
    this.signs++;
    this.patience = shortWait;
  }

  end(): void {
    this.isOver = true;
  }
}

/** `http.ClientRequest.prototype.onSocket`: an answer is expected until it has come to its end, whatever its pauses. */
export const requestOf: Wrap = (world, _label, own) =>
  function (this: Emitter, ...args: unknown[]): unknown {
    const socket = args[0] as Socket | undefined;
    let isOver = false;
    this.once("close", () => isOver = true);
    world.flights.add({
      patience: longestWait,
      get port() {
        const { remoteAddress = "", remotePort } = socket ?? {};
        return remotePort === undefined ? undefined : localPortOf(`http://${urlHost(remoteAddress)}:${remotePort}`);
      },
      get signs() {
        return socket?.bytesRead ?? 0;
      },
      get isOver() {
        return isOver;
      },
    });
    return Reflect.apply(own, this, args);
  };

function urlHost(address: string): string {
  return address.includes(":") ? `[${address.replace(/^::ffff:/, "")}]`.replace(/^\[([\d.]+)\]$/, "$1") : address;
}

/** A method of a `dgram.Socket`. A datagram may be lost: none is waited for for long. */
export const datagramOf: Wrap = (world, _label, own) =>
  function (this: Emitter & { on: Emitter["once"] }, ...args: unknown[]): unknown {
    let steps = datagrams.get(this);
    if (steps === undefined) {
      datagrams.set(this, steps = new Steps());
      world.flights.add(steps);
      for (const name of ["message", "listening", "connect"]) this.on(name, () => steps!.tell());
      this.once("close", () => steps!.end());
    }
    steps.tell();
    const callback = args.at(-1);
    if (typeof callback === "function") {
      args[args.length - 1] = (...results: unknown[]): void => {
        steps!.tell();
        Reflect.apply(callback as Callable, this, results as never[]);
      };
    }
    return Reflect.apply(own, this, args);
  };

const datagrams = new WeakMap<object, Steps>();
