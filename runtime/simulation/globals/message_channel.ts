/**
 * `MessageChannel` on the loop of a simulation: each message is a macrotask, in order for each port.
 *
 * @module
 */

import type { World } from "../loop/world.ts";

/** A class of channels whose messages go over the loop of the world. */
export function messageChannelOf(world: World): unknown {
  return class MessageChannel {
    readonly port1: SimulatedPort = new SimulatedPort(world);
    readonly port2: SimulatedPort = new SimulatedPort(world);

    constructor() {
      this.port1.join(this.port2);
      this.port2.join(this.port1);
    }
  };
}

type Listener = (event: MessageEvent) => void;

/** An end of a channel, with the members of browsers and those of Node. */
class SimulatedPort extends EventTarget {
  readonly #world: World;
  #other!: SimulatedPort;
  #started = false;
  #closed = false;
  #onmessage: Listener | null = null;
  /** Messages that came before the port was started. */
  readonly #early: unknown[] = [];
  readonly #wrapped = new Map<(data: unknown) => void, EventListener>();

  constructor(world: World) {
    super();
    this.#world = world;
  }

  /** Connects the two ends; for the channel alone. */
  join(other: SimulatedPort): void {
    this.#other = other;
  }

  get onmessage(): Listener | null {
    return this.#onmessage;
  }

  set onmessage(listener: Listener | null) {
    this.#onmessage = listener;
    this.start();
  }

  postMessage(data: unknown, options?: Transferable[] | StructuredSerializeOptions): void {
    const transfer = Array.isArray(options) ? options : options?.transfer ?? [];
    const copy: unknown = structuredClone(data, { transfer });
    if (!this.#closed && !this.#other.#closed) this.#other.#receive(copy);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    for (const data of this.#early.splice(0)) this.#deliver(data);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#world.loop.callSoon(() => {
      this.dispatchEvent(new Event("close"));
      this.#other.close();
    });
  }

  ref(): void {}

  unref(): void {}

  on(name: string, listener: (data: unknown) => void): this {
    return this.#listen(name, listener, {});
  }

  once(name: string, listener: (data: unknown) => void): this {
    return this.#listen(name, listener, { once: true });
  }

  off(name: string, listener: (data: unknown) => void): this {
    const wrapped = this.#wrapped.get(listener);
    if (wrapped !== undefined) this.removeEventListener(name, wrapped);
    return this;
  }

  #listen(name: string, listener: (data: unknown) => void, options: AddEventListenerOptions): this {
    const wrapped = (event: Event): void => listener((event as MessageEvent).data);
    this.#wrapped.set(listener, wrapped);
    this.addEventListener(name, wrapped, options);
    if (name === "message") this.start();
    return this;
  }

  #receive(data: unknown): void {
    if (this.#started) this.#deliver(data);
    else this.#early.push(data);
  }

  #deliver(data: unknown): void {
    this.#world.loop.deliver(
      () => {
        if (this.#closed) return;
        const event = new MessageEvent("message", { data });
        this.#onmessage?.(event);
        this.dispatchEvent(event);
      },
      "message",
      { port: this },
    );
  }
}
