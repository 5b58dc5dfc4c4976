/**
 * The way to a broker on another machine of a simulation.
 *
 * ```
 *   connecting ──it is there──> connected ──reset, its end──> lost ──a pause──> connecting
 * ```
 *
 * A network that is parted makes it stall: what was sent comes when that is whole again.
 *
 * @module
 */

import type { HostSocket } from "../../../runtime/port/net.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import type { Ask, Told } from "./ask.ts";
import type { Broker } from "./broker.ts";
import { BrokerSession } from "./broker_session.ts";
import { readFrames, sendFrame } from "./frames.ts";
import type { Line, LineEnd } from "./line.ts";

/** How long it is until a broker that was lost is looked for, in ms: as with NATS. */
const reconnectPause = 250;

/** What goes over the network to a broker. */
interface Asked {
  readonly ask: Ask;
  readonly number: number | undefined;
}

/** The way to a broker on another machine. */
export class FarLine implements Line {
  readonly isFar = true;
  isConnected = false;
  #found = 0;
  readonly #connect: () => HostSocket;
  readonly #end: LineEnd;
  #socket: HostSocket;
  #pause: { cancel(): void } | undefined = undefined;
  #isClosed = false;

  constructor(connect: () => HostSocket, end: LineEnd) {
    this.#connect = connect;
    this.#end = end;
    this.#socket = this.#open();
  }

  get reconnects(): number {
    return Math.max(0, this.#found - 1);
  }

  ask(ask: Ask, number?: number): void {
    const asked: Asked = { ask, number };
    if (this.isConnected) sendFrame(this.#socket, asked);
  }

  close(): void {
    this.#isClosed = true;
    this.isConnected = false;
    this.#pause?.cancel();
    this.#socket.end();
    this.#socket.destroy();
  }

  #open(): HostSocket {
    const socket = this.#connect();
    socket.on("connect", () => {
      this.isConnected = true;
      this.#found++;
      this.#end.found();
    });
    readFrames(socket, (told) => this.#isClosed || this.#end.told(told as Told), () => this.#lost());
    return socket;
  }

  #lost(): void {
    this.isConnected = false;
    if (this.#isClosed) return;
    const again = (): void => void (this.#socket = this.#open());
    this.#pause = loop().timers.setTimer(again, reconnectPause, { real: true });
  }
}

/** Has a broker take those who connect. */
export function serveBroker(broker: Broker): (socket: HostSocket) => void {
  return (socket) => {
    const session = new BrokerSession(broker, (told) => sendFrame(socket, told));
    readFrames(socket, (value) => {
      const { ask, number } = value as Asked;
      session.take(ask, number);
    }, () => void session.end());
  };
}
