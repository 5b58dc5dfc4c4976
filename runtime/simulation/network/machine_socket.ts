/**
 * Connections of bytes between machines of a simulation. What the system of a machine does goes on while its program is paused, and for a
 * moment when that has ended; nothing does without power.
 *
 * ```
 *   write ──while less than `room` is under way and unread──> on the way ──> received by the system ──the program runs──> "data"
 *              ▲                                                                                      │
 *              └──────────────────────────── it has read half of that ────────────────────────────────┘
 * ```
 *
 * Who sends to an end that is no more gets a reset, if there is power where that was; else nothing, until there is, or time is up.
 *
 * @module
 */

import type { Life } from "../machines/life.ts";
import type { Machines } from "../machines/machines.ts";
import { machineOf, type SimulatedMachine } from "../machines/simulated_machine.ts";
import type { Lane, Paths } from "./paths.ts";
import { type Ends, SocketEnd } from "./socket_end.ts";

/** What the network is to its connections. */
export interface SocketWorld {
  readonly machines: Machines;
  readonly paths: Paths;
  /** How many of the bytes that come under this label come before the rest; 0 where all come together. */
  cuts(label: string, bytes: Uint8Array): number;
  /** An end is over. */
  leave(socket: MachineSocket): void;
}

/** How many bytes may be on the way and unread. */
const room = 65_536;

/** For how long a system sends again what nobody takes, in ms. */
const retransmission = 924_000;

type Packet = Uint8Array<ArrayBuffer> | "end" | "reset";

/** One end of a connection between machines, or of one with the body. */
export class MachineSocket extends SocketEnd {
  /** The program that has it; `undefined` for the body. */
  readonly life: Life | undefined;
  readonly #machine: SimulatedMachine | undefined;
  readonly #world: SocketWorld;
  /** Is it not cut into chunks of other sizes than were sent? */
  readonly #isWhole: boolean;
  #peer: MachineSocket | undefined = undefined;
  /** What the system has not taken yet. */
  #unsent: (Uint8Array<ArrayBuffer> | "end")[] = [];
  /** What is on its way, in order. */
  #onWay: Packet[] = [];
  readonly lane: Lane = { lastAt: 0, waiting: 0 };
  readonly #acknowledgements: Lane = { lastAt: 0, waiting: 0 };
  /** How many bytes of this end are on their way or unread, and how many that were read here the other end does not know of. */
  #unread = 0;
  #read = 0;
  #needsDrain = false;
  #isEndSent = false;
  /** Is it known here that it is connected? */
  #isOpen = false;
  /** Does the system send again and again to a machine without power? */
  #isKnocking = false;
  /** Has its program ended? What that still asks for comes to nothing, and it is told of nothing. */
  #isAbandoned = false;
  /** Does nothing get through any more, without a word? */
  #isLost = false;
  #patience: (() => void) | undefined = undefined;

  constructor(world: SocketWorld, life: Life | undefined, name: string, ends: Ends, isWhole: boolean) {
    super(world.machines.loop, name, ends);
    this.#world = world;
    this.life = life;
    this.#machine = machineOf(life);
    this.#isWhole = isWhole;
  }

  /** Connects this end to that of who has asked for it, who is going to be told. */
  join(peer: MachineSocket): void {
    this.#isOpen = true;
    this.#peer = peer;
    peer.#peer = this;
  }

  /** It is known here that it is connected. */
  connected(): void {
    if (this.destroyed) return;
    this.#isOpen = true;
    this.emit("connect");
    this.#pump();
  }

  /** Lets something come to whoever has this end, in the order of the other end's lane. */
  reach(label: string, fn: () => void): void {
    if (this.life === undefined) fn();
    else this.#world.machines.reach(this.life, label, fn, this.#peer?.lane);
  }

  /** Is there nobody any more at this end? */
  get isGone(): boolean {
    return this.destroyed || this.#isAbandoned;
  }

  write(bytes: Uint8Array): boolean {
    if (this.isGone || this.writableEnded) return false;
    if (bytes.length > 0) this.#unsent.push(new Uint8Array(bytes));
    this.#pump();
    return !(this.#needsDrain = this.#unsent.length > 0 || this.#unread >= room);
  }

  end(): void {
    if (this.isGone || this.writableEnded) return;
    this.writableEnded = true;
    this.#unsent.push("end");
    this.#pump();
  }

  destroy(): void {
    if (this.isGone) return;
    this.#closeSystem();
    this.writableEnded = true;
    this.close();
  }

  /** The program has ended, with the power of its machine or with that on; nobody is told here. */
  ended(power: boolean): void {
    this.#isAbandoned = true;
    if (!power) this.#closeSystem();
    this.received = [];
    this.leave();
  }

  /** From now on nothing gets through, in neither direction, and nobody is told. */
  lose(): void {
    this.#isLost = true;
  }

  /** Breaks both ends. */
  reset(): void {
    const { loop } = this.#world.machines;
    for (const end of [this, this.#peer]) {
      if (end === undefined || end.isGone) continue;
      loop.unowned(() => loop.deliver(() => end.#fail("ECONNRESET", "read ECONNRESET"), "a reset", {}));
    }
  }

  /** After so many ms the system gives up, unless something comes through before. */
  beImpatient(ms: number, what: string): void {
    if (this.#patience !== undefined || this.isGone) return;
    const { loop } = this.#world.machines;
    const expire = (): void => this.#fail("ETIMEDOUT", `${what} ETIMEDOUT`);
    const timer = loop.setWorldTimer(expire, ms, `the patience of ${this.name}`);
    this.#patience = () => {
      loop.clearTimer(timer);
      this.#patience = undefined;
    };
  }

  /** Something has come through. */
  bePatient(): void {
    this.#patience?.();
  }

  /** Breaks this end, whose program is told when it runs. */
  #fail(code: string, text: string): void {
    this.reach("an error", () => this.fail(code, text));
  }

  /** The system closes it: what it has taken still goes out. */
  #closeSystem(): void {
    const isUnread = this.received.length > 0;
    this.#unsent = [];
    if (this.#peer === undefined) return;
    if (isUnread) this.#send("reset");
    else if (!this.#isEndSent) this.#send("end");
  }

  /** Hands the system as much as it takes. */
  #pump(): void {
    // What ends asks for nothing any more.
    if (!this.#isOpen || this.life?.isOver === true) return;
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const free = room - this.#unread;
      if (next === "end") {
        this.#unsent.shift();
        this.#send("end");
        this.finishSoon();
      } else if (free <= 0) {
        return;
      } else {
        const part = next.length <= free ? next : next.subarray(0, free);
        if (part === next) this.#unsent.shift();
        else this.#unsent[0] = next.subarray(free);
        this.#unread += part.length;
        this.#send(part);
      }
    }
  }

  #send(packet: Packet): void {
    if (packet === "end") this.#isEndSent = true;
    this.#onWay.push(packet);
    this.#carry(typeof packet === "string" ? 0 : packet.length);
  }

  #carry(bytes: number): void {
    const label = `bytes of ${this.name}`;
    this.#world.paths.send({
      from: this.#machine,
      to: this.#peer!.#machine,
      label,
      bytes,
      lane: this.lane,
      arrive: () => this.#arrive(label),
      lost: () => this.reset(),
      held: () => this.beImpatient(retransmission, "read"),
    });
  }

  /** One packet arrives at the other machine; which one is decided by the order of sending. */
  #arrive(label: string): void {
    const packet = this.#onWay.shift();
    const peer = this.#peer!;
    if (packet === undefined || this.#isLost || peer.#isLost) return;
    if (peer.isGone) return this.#isAlone(packet, peer);
    this.bePatient();
    const part = this.#split(packet, label);
    if (part === "reset") return peer.#fail("ECONNRESET", "read ECONNRESET");
    if (part === "end") peer.endReceived = true;
    else peer.received.push(part);
    peer.reach(label, () => peer.flowSoon());
  }

  /** Nobody is there any more: the system answers for them, when it is on. */
  #isAlone(packet: Packet, peer: MachineSocket): void {
    if (packet === "reset" || this.isGone) return;
    const machine = peer.#machine;
    if (machine?.hasPower !== false) {
      if (packet !== "end") this.#refuse();
      return;
    }
    this.beImpatient(retransmission, "read");
    if (!this.#isKnocking) machine.whenPowered(() => this.#world.paths.sendAgain(() => this.#refuse(), this.name));
    this.#isKnocking = true;
  }

  /** The other machine's system answers with a reset. */
  #refuse(): void {
    const fail = (): void => this.#fail("ECONNRESET", "read ECONNRESET");
    this.#world.paths.send({
      from: this.#peer!.#machine,
      to: this.#machine,
      label: `a reset of ${this.name}`,
      bytes: 0,
      lane: this.#peer!.lane,
      arrive: fail,
      lost: fail,
    });
  }

  /** Lets the first bytes come alone, if that is chosen; the rest follows as a packet of its own. */
  #split(packet: Packet, label: string): Packet {
    if (typeof packet === "string" || this.#isWhole) return packet;
    const at = this.#world.cuts(label, packet);
    if (at === 0) return packet;
    this.#onWay.unshift(packet.subarray(at));
    this.#carry(packet.length - at);
    return packet.subarray(0, at);
  }

  protected hasRead(bytes: number): void {
    this.#read += bytes;
    if (this.#read < room / 2 || this.life?.isOver === true) return;
    const [peer, read] = [this.#peer!, this.#read];
    this.#read = 0;
    this.#world.paths.send({
      from: this.#machine,
      to: peer.#machine,
      label: `room for ${peer.name}`,
      bytes: 0,
      lane: this.#acknowledgements,
      arrive: () => peer.#hasRoom(read),
      lost: () => this.reset(),
    });
  }

  #hasRoom(bytes: number): void {
    this.#unread -= bytes;
    if (this.isGone || !this.#needsDrain) return;
    this.reach(`room for ${this.name}`, () => {
      this.#pump();
      if (this.destroyed || this.#unsent.length > 0) return;
      this.#needsDrain = false;
      this.emit("drain");
    });
  }

  protected leave(): void {
    this.bePatient();
    this.#world.leave(this);
  }
}
