/**
 * The broker's side of one connection.
 *
 * @module
 */

import { EngineFullError } from "../engine/engine.ts";
import { type Ask, type ConsumerRoom, isStanding, type Parcel, type Standing, type Told } from "./ask.ts";
import type { Broker } from "./broker.ts";

/** One connection, as its broker has it. */
export class BrokerSession {
  readonly #broker: Broker;
  readonly #tell: (told: Told) => void;
  readonly #leave: () => number;
  /** How to end what stands, by its id. */
  readonly #standing: Map<number, () => void> = new Map();
  /** How many jobs each consumer takes from its beginning on. */
  readonly #most: Map<number, number> = new Map();
  /** Requests that wait for their answer, by their number. */
  readonly #requests: Map<number, () => void> = new Map();
  #isOpen = true;

  constructor(broker: Broker, tell: (told: Told) => void) {
    this.#broker = broker;
    this.#tell = (told) => this.#isOpen && tell(told);
    this.#leave = broker.join();
  }

  /** Does what is asked, and answers where there is a number; nothing that was asked by a connection that has ended. */
  take(ask: Ask, number: number | undefined): void {
    if (!this.#isOpen) return;
    if (ask.op === "request") return this.#request(ask.parcel, number!);
    let value: unknown;
    try {
      value = this.#do(ask);
    } catch (error) {
      if (!(error instanceof EngineFullError)) throw error;
      if (number !== undefined) this.#tell({ number, error: "full", message: error.message });
      return;
    }
    if (number !== undefined) this.#tell({ number, value });
    // What comes of it comes after the answer.
    if (isStanding(ask)) this.#stand(ask);
  }

  /** The connection has ended: what it held comes again when its time has passed. Answers how many are left. */
  end(): number | undefined {
    if (!this.#isOpen) return undefined;
    this.#isOpen = false;
    for (const leave of [...this.#standing.values(), ...this.#requests.values()]) leave();
    return this.#leave();
  }

  #do(ask: Exclude<Ask, { op: "request" }>): unknown {
    const broker = this.#broker;
    switch (ask.op) {
      case "queue":
        return broker.make(ask.pool, ask.settings).settings;
      case "publish":
        return broker.queue(ask.pool).add(ask.job);
      case "remove":
        return broker.queue(ask.pool).remove(ask.sequence);
      case "look":
        return broker.queue(ask.pool).get(ask.sequence)?.message;
      case "working":
        return broker.queue(ask.pool).extend(ask.sequence);
      case "nak":
        return broker.queue(ask.pool).giveBack(ask.sequence, ask.delay);
      case "refuse":
        return broker.queue(ask.pool).refuse(ask.sequence, ask.attempt);
      case "counts":
        return broker.queue(ask.pool).counts();
      case "bury":
        return broker.queue(ask.pool).dead.add(ask.job);
      case "dead":
        return broker.queue(ask.pool).dead.list(ask.limit);
      case "unbury":
        return broker.queue(ask.pool).dead.remove(ask.sequence);
      case "send":
        return void broker.pass(ask.parcel);
      case "reply":
        return broker.reply(ask.parcel);
      case "put":
        return void broker.objects.set(ask.name, ask.bytes.slice());
      case "get":
        return broker.objects.get(ask.name);
      case "drop":
        return void broker.objects.delete(ask.name);
      case "room":
        return this.#room(ask.rooms, ask.pool);
      case "leave":
        return this.#end(ask.id);
      default:
        return undefined;
    }
  }

  #request(parcel: Parcel, number: number): void {
    const { reply, forget } = this.#broker.expect((value) => {
      this.#requests.delete(number);
      this.#tell({ number, value });
    });
    this.#requests.set(number, forget);
    if (this.#broker.pass({ ...parcel, reply })) return;
    this.#end(number);
    this.#tell({ number, error: "nobody", message: `Nobody listens to ${parcel.subject}` });
  }

  #stand(ask: Standing): void {
    const { id } = ask;
    const broker = this.#broker;
    switch (ask.op) {
      case "listen": {
        const { subject, group } = ask;
        const take = (parcel: Parcel): void => this.#tell({ id, parcel });
        return void this.#standing.set(id, broker.listen({ subject, group, take }));
      }
      case "exhausted": {
        const told = (exhausted: { sequence: number; attempts: number }): void => this.#tell({ id, exhausted });
        return void this.#standing.set(id, broker.queue(ask.pool).onExhausted(told));
      }
      case "consume": {
        let given = 0;
        this.#most.set(id, ask.most);
        const leave = broker.queue(ask.pool).join({
          priority: ask.priority,
          room: () => (this.#most.get(id) ?? 0) - given,
          give: (delivered) => {
            given++;
            this.#tell({ id, delivered });
          },
        });
        this.#standing.set(id, () => {
          this.#most.delete(id);
          leave();
        });
        broker.queue(ask.pool).serve();
      }
    }
  }

  #room(rooms: readonly ConsumerRoom[], pool: string): void {
    for (const { id, most } of rooms) if (this.#most.has(id)) this.#most.set(id, most);
    this.#broker.queue(pool).serve();
  }

  #end(id: number): void {
    this.#standing.get(id)?.();
    this.#standing.delete(id);
    this.#requests.get(id)?.();
    this.#requests.delete(id);
  }
}
