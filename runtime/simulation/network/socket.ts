/**
 * Connections of a simulated network: streams of bytes whose packets are events of the schedule, in order each way.
 *
 * ```
 *   write ──> on the way ──a packet arrives──> received, unread ──while it flows──> "data"
 *             └────────── more than `room` of both: write answers false, "drain" follows ──────────┘
 * ```
 *
 * A stream has no boundaries of messages. So it is a choice whether a packet is cut in two, and where, and whether packets that
 * are on the way together come as one chunk.
 *
 * @module
 */

import type { SimulatedLoop } from "../loop/loop.ts";
import { anyTime } from "../loop/loop_event.ts";
import { SocketEnd } from "./socket_end.ts";

/** What the network is to its connections. */
export interface Carrier {
  readonly loop: SimulatedLoop;
  /** How long does a passage take at whose end there is `what`? `undefined` for any time. */
  takes(what: string): number | undefined;
  /** Does nothing pass, or no longer? Then `whenWhole` calls back when it does again. */
  stops(what: string): boolean;
  whenWhole(fn: () => void): void;
  /** Is what is on its way under this label lost, and the connection with it? That is told in words. */
  loses(label: string, told: string): boolean;
  /** How many of the bytes that come under this label come before the rest; 0 where all come together. */
  cuts(label: string, bytes: Uint8Array): number;
  /** The connection is over. */
  leave(socket: SimulatedSocket): void;
}

/** How many bytes may be on the way and unread until a writer has to wait. */
const room = 65_536;

type Packet = Uint8Array<ArrayBuffer> | "end" | "reset";

/** One end of a connection. */
export class SimulatedSocket extends SocketEnd {
  /** What it leads to. */
  readonly #way: string;
  /** How many bytes of this end have arrived. */
  #arrived = 0;
  readonly #carrier: Carrier;
  /** Does it come in the chunks in which it was sent? */
  readonly #isWhole: boolean;
  #peer: SimulatedSocket | undefined;
  /** What this end has sent and has not arrived. */
  #sent: Packet[] = [];
  #lastAt = 0;
  #needsDrain = false;
  /** The other end has vanished without a word. */
  #isLost = false;

  constructor(
    carrier: Carrier,
    name: string,
    way: string,
    localPort: number,
    remotePort: number,
    isWhole: boolean = false,
  ) {
    super(carrier.loop, name, { localPort, remotePort, remoteAddress: "127.0.0.1" });
    this.#carrier = carrier;
    this.#way = way;
    this.#isWhole = isWhole;
  }

  /** Connects two ends. */
  join(peer: SimulatedSocket): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  write(bytes: Uint8Array): boolean {
    if (this.destroyed || this.writableEnded) return false;
    if (bytes.length > 0) this.#send(new Uint8Array(bytes));
    return !(this.#needsDrain = this.#waiting > room);
  }

  end(): void {
    if (this.destroyed || this.writableEnded) return;
    this.writableEnded = true;
    this.#send("end");
    this.finishSoon();
  }

  destroy(): void {
    if (this.destroyed) return;
    const unread = this.received.length > 0;
    if (unread) this.#sent = [];
    if (this.#peer !== undefined && (unread || !this.writableEnded)) this.#send(unread ? "reset" : "end");
    this.writableEnded = true;
    this.close();
  }

  /** From now on nothing gets through, in neither direction, and nobody is told. */
  lose(): void {
    this.#isLost = true;
    this.#sent = [];
  }

  /** Breaks both ends. */
  reset(): void {
    const peer = this.#peer;
    for (const end of [this, peer]) end?.fail("ECONNRESET", "read ECONNRESET");
  }

  /** How many bytes this end has sent that have not been read. */
  get #waiting(): number {
    let sum = 0;
    for (const packet of this.#sent) if (typeof packet !== "string") sum += packet.length;
    if (this.#peer !== undefined) { for (const packet of this.#peer.received) sum += packet.length; }
    return sum;
  }

  #send(packet: Packet): void {
    if (this.#isLost) return;
    this.#sent.push(packet);
    this.#schedule();
  }

  /** One packet arrives; which one is decided by the order of sending. */
  #schedule(): void {
    const { loop } = this.#carrier;
    const what = `more comes on the connection to ${this.#way}`;
    const latency = this.#carrier.takes(what);
    const at = latency === undefined ? this.#lastAt > loop.now ? this.#lastAt : anyTime : loop.now + latency;
    this.#lastAt = Math.max(at, this.#lastAt);
    const label = `bytes of ${this.name}`;
    const arrive = (): void => {
      if (this.#carrier.stops(what)) this.#carrier.whenWhole(() => this.#schedule());
      else this.#arrive(label);
    };
    const batch = this.#isWhole ? undefined : label;
    loop.deliver(arrive, label, { port: this, at: at === anyTime ? anyTime : this.#lastAt, batch });
  }

  #arrive(label: string): void {
    const packet = this.#sent.shift();
    const peer = this.#peer!;
    if (packet === undefined || peer.destroyed) {
      // Nobody is there any more: the system answers for them.
      if (packet !== undefined && packet !== "end" && peer.destroyed) this.fail("ECONNRESET", "read ECONNRESET");
      return;
    }
    const told = `the connection to ${this.#way} is reset after ${this.#arrived} bytes`;
    if (this.#carrier.loses(label, told)) return this.reset();
    const part = this.#split(packet, label);
    if (typeof part !== "string") this.#arrived += part.length;
    peer.#take(part);
  }

  /** Lets the first bytes come alone, if that is chosen; the rest follows as a packet of its own. */
  #split(packet: Packet, label: string): Packet {
    if (typeof packet === "string" || this.#isWhole) return packet;
    const at = this.#carrier.cuts(label, packet);
    if (at === 0) return packet;
    this.#sent.unshift(packet.subarray(at));
    this.#schedule();
    return packet.subarray(0, at);
  }

  #take(packet: Packet): void {
    if (packet === "reset") return this.fail("ECONNRESET", "read ECONNRESET");
    if (packet === "end") this.endReceived = true;
    else this.received.push(packet);
    this.flowSoon();
  }

  protected hasRead(): void {
    if (this.#peer !== undefined) this.#peer.#drain();
  }

  #drain(): void {
    if (!this.#needsDrain || this.destroyed) return;
    this.#needsDrain = false;
    this.#carrier.loop.deliver(() => this.destroyed || this.emit("drain"), `room for ${this.name}`, {});
  }

  protected leave(): void {
    this.#carrier.leave(this);
  }
}
