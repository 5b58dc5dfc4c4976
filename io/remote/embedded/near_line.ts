/**
 * The way to a broker in this process: a call.
 *
 * @module
 */

import { type Loop, loop } from "../../../scheduler/queue/loop.ts";
import type { Ask } from "./ask.ts";
import { Broker } from "./broker.ts";
import { BrokerSession } from "./broker_session.ts";
import type { Line, LineEnd } from "./line.ts";

/** By loop: what a simulation leaves is not to be found by the next one. */
const brokers: WeakMap<Loop, Map<string, Broker>> = new WeakMap();

function brokersHere(): Map<string, Broker> {
  const current = loop();
  let named = brokers.get(current);
  if (named === undefined) brokers.set(current, named = new Map());
  return named;
}

/** The one of a name. */
export function brokerOf(name: string): Broker {
  return brokersHere().get(name) ?? new Broker();
}

/** The way to the broker of a name in this process. */
export class NearLine implements Line {
  readonly isFar = false;
  readonly isConnected = true;
  readonly reconnects = 0;
  readonly #session: BrokerSession;
  readonly #forget: () => void;

  constructor(name: string, end: LineEnd) {
    const all = brokersHere();
    const own = brokerOf(name);
    all.set(name, own);
    this.#session = new BrokerSession(own, (told) => end.told(told));
    this.#forget = () => {
      if (all.get(name) === own) all.delete(name);
      own.end();
    };
  }

  ask(ask: Ask, number?: number): void {
    this.#session.take(ask, number);
  }

  close(): void {
    // What is stored goes with the last connection.
    if (this.#session.end() === 0) this.#forget();
  }
}
