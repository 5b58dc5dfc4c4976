/**
 * What a body has begun in the world outside and what may still come of it: the clock stands still meanwhile, though not for ever.
 *
 * ```
 *   begin ──on its way──> done ──the loop has nothing else to do at this time──> it comes, in a macrotask
 *               └──no sign of life for a while of real time──> given up until there is one: the clock goes on
 * ```
 *
 * @module
 */

import { now as realNow } from "../../hosts/common/timers.ts";

/** For how long of real time an answer of the world outside is waited for, in ms. */
export const longestWait = 10_000;
/** For how long something is waited for of which parts have come, and more may follow, in ms. */
export const shortWait = 100;

/** What comes in its own time and in parts: a connection, a thread, a program. */
export interface Flight {
  /** For how long after its last sign of life something is expected of it, in ms; 0 for not at all. */
  readonly patience: number;
  /** Another number after each sign of life. */
  readonly signs: number;
  /** Does nothing come of it any more? */
  readonly isOver: boolean;
  /** The port of this machine that it is a request to. */
  readonly port?: number | undefined;
}

/** One call, of which a result comes. */
interface Call {
  readonly label: string;
  readonly begun: number;
  readonly inOrder: boolean;
  readonly port: number | undefined;
  come: (() => void) | undefined;
}

/** How a call is waited for. */
export interface CallSettings {
  /** Does its result come after those of all such calls that were begun before? Otherwise as soon as it is there. */
  readonly inOrder: boolean;
  /** The port of this machine that it is a request to. */
  readonly port?: number | undefined;
}

/** What is in flight in one run. */
export class InFlight {
  /** How many requests the servers of this run are at work on, by port: who asked for those waits for the simulation itself. */
  readonly served: Map<number, number> = new Map();
  readonly #calls: Call[] = [];
  readonly #flights = new Map<Flight, { signs: number; since: number }>();
  readonly #longest: number;
  #isOver = false;

  /** `longest`: for how long a call is waited for, in ms of real time. */
  constructor(longest: number = longestWait) {
    this.#longest = longest;
  }

  /** Is there anything? */
  get isOn(): boolean {
    return this.#calls.length > 0 || this.#flights.size > 0;
  }

  /** A call begins. The function that is returned is told, once its result is there, what to call. */
  begin(label: string, { inOrder, port }: CallSettings): (come: () => void) => void {
    if (this.#isOver) return (come) => come();
    const call: Call = { label, begun: realNow(), inOrder, port, come: undefined };
    this.#calls.push(call);
    return (come) => {
      call.come = come;
      if (this.#isOver) come();
    };
  }

  /** From now on signs of life of it are looked for. */
  add(flight: Flight): void {
    if (this.#isOver) return;
    this.#flights.set(flight, { signs: flight.signs, since: realNow() });
  }

  /** Does the clock stand still for what is on its way? */
  get holds(): boolean {
    const now = realNow();
    const requests = new Map<number, number>();
    let holds = false;
    const count = (port: number | undefined): void => {
      if (port === undefined || !this.served.has(port)) holds = true;
      else requests.set(port, (requests.get(port) ?? 0) + 1);
    };
    for (const [flight, life] of this.#flights) {
      if (flight.isOver) {
        this.#flights.delete(flight);
        continue;
      }
      const { signs, patience, port } = flight;
      if (signs !== life.signs) Object.assign(life, { signs, since: now });
      if (now - life.since < patience) count(port);
    }
    for (const { come, begun, port } of this.#calls) {
      if (come !== undefined) holds = true;
      else if (now - begun < this.#longest) count(port);
    }
    for (const [port, number] of requests) holds ||= number > this.served.get(port)!;
    return holds;
  }

  /** The result that comes next; `undefined` where none is there. */
  next(): { readonly label: string; readonly come: () => void } | undefined {
    const now = realNow();
    let mayPass = true;
    for (const [index, { label, come, begun, inOrder }] of this.#calls.entries()) {
      if (come !== undefined && (mayPass || !inOrder)) {
        this.#calls.splice(index, 1);
        return { label, come };
      }
      // One that does not end is no reason for the others not to come.
      if (inOrder && come === undefined && now - begun < this.#longest) mayPass = false;
    }
    return undefined;
  }

  /** A server of this run works on one request more, or on one less. */
  serve(port: number, more: 1 | -1): void {
    this.served.set(port, (this.served.get(port) ?? 0) + more);
  }

  /** The run is over: whoever still waits is told as soon as there is a result. */
  end(): void {
    this.#isOver = true;
    this.#flights.clear();
    for (const { come } of this.#calls.splice(0)) {
      try {
        come?.();
      } catch {
        // What a callback throws after the end has nobody to go to.
      }
    }
  }
}
