/**
 * One connection of a server: its requests run one at a time, and what is wrong waits until all before it is answered.
 *
 * ```
 *   a head ──judged──> held ──what came before is answered──> under way ──answered──> the next one, or idle
 *      └──refused, or bytes that are no request──> over: nothing behind it is looked at
 *                                                    └──all before it is answered──> its refusal, then the end
 * ```
 *
 * Node itself runs all requests of a packet at once. Those whose turn has not come have no socket: on Node 20 nobody tells them that it
 * has closed. It writes a 400 in place of the answer under way, too, and ends the process over a handshake behind another request.
 *
 * @module
 */

import type { HttpEnd } from "../../port/http.ts";
import { builtin } from "../common/node_process.ts";
import { badRequest, Refusal, type RequestGate } from "../common/request_head.ts";
import { setTimer } from "../common/timers.ts";
import type { Incoming } from "./http_body.ts";
import { headOf, type NodeHead } from "./http_head.ts";
import type { Outgoing } from "./http_outgoing.ts";
import type { RawConnection } from "./http_upgrade.ts";
import { type NodeSocket, readAgain } from "./node_socket.ts";

/** For how long a client that is told of the end may go on sending, in ms. To close at once would reset the connection, and its answer be lost. */
export const lingerTime = 1000;
/** The same at a drain for a connection without a request: so long one may be on its way. */
const drainLingerTime = 250;
/** So many requests wait for their turn at most, a packet's worth: whoever sends more gets no answers to them. */
const maxHeld = 1000;
/** As many again may come behind the last one that is answered, as one packet has; who sends more does not want to read answers. */
const maxDropped = 3000;

/** A request whose head has passed the gate. */
export interface Arrival {
  readonly incoming: Incoming;
  /** `undefined` where Node gives none: for a request for a WebSocket. */
  readonly outgoing: Outgoing | undefined;
  readonly head: NodeHead;
  readonly url: string;
  /** Does the client wait for "100 Continue" before it sends its body? */
  readonly continues: boolean;
  /** The connection of a request for a WebSocket. */
  readonly raw: RawConnection | undefined;
}

/** A request under way, as its connection sees it. */
export interface Running {
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  finish(end: HttpEnd): void;
}

/** What a connection needs of its server. */
export interface ConnectionOwner {
  readonly gate: RequestGate;
  /** Is every connection to be closed when it is idle? */
  readonly isStopping: boolean;
  /** Begins with a request; `ended` of the connection is called when its answer has gone. */
  start(connection: NodeConnection, arrival: Arrival): Running;
}

/** One connection of a server; see above. */
export class NodeConnection {
  readonly #socket: NodeSocket;
  readonly #owner: ConnectionOwner;
  #current: Running | undefined = undefined;
  #held: Arrival[] = [];
  /** The last request that came, whose body may still be coming. */
  #last: Incoming | undefined = undefined;
  /** Puts a request back that Node has taken out of HTTP, when nothing is under way any more. */
  #putBack: { raw: RawConnection; restore: () => void } | undefined = undefined;
  /** What is answered when nothing is under way any more, to what came last. */
  #refusal: Refusal | undefined = undefined;
  #isOver = false;
  #isEnding = false;
  #isDetached = false;
  #dropped = 0;

  constructor(socket: NodeSocket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    // Node closes with it after the last answer: bytes that nobody has read would make a reset of that.
    socket.destroySoon = () => this.#end(lingerTime);
    socket.once("close", () => this.#closed());
  }

  /** Is nothing looked at any more of what still comes? */
  get isOver(): boolean {
    // Node goes on to parse a packet whose connection is gone.
    return this.#isOver || this.#socket.destroyed;
  }

  /** Is nothing under way? */
  get isIdle(): boolean {
    return this.#current === undefined && this.#held.length === 0;
  }

  /** Is the answer under way the last one? */
  get closes(): boolean {
    const isLast = this.#held.length === 0 && this.#putBack === undefined && this.#refusal === undefined;
    return this.#owner.isStopping && isLast;
  }

  /** A request has come. */
  take(incoming: Incoming, outgoing: Outgoing | undefined, continues: boolean, raw: RawConnection | undefined): void {
    if (this.isOver) return this.#drop(incoming, raw);
    const head = headOf(incoming);
    const url = this.#owner.gate.judge(head);
    if (url instanceof Refusal) {
      this.#drop(incoming, raw);
      return this.refuse(url);
    }
    this.#last = incoming;
    const arrival = { incoming, outgoing, head, url, continues, raw };
    if (this.isIdle) this.#start(arrival);
    else if (this.#held.push(arrival) >= maxHeld) this.#isOver = true;
  }

  /** Nothing behind what has come is looked at; when that is answered, the client gets this answer, if it is one, and the end. */
  refuse(refusal: Refusal | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#refusal = refusal;
    if (this.isIdle) this.#finish();
  }

  /** Ends the connection after the answer under way, whatever waits for its turn. */
  endAfterCurrent(): void {
    this.#held = [];
    this.#refusal = undefined;
    this.#isOver = true;
  }

  /** Has a request that Node has taken out of HTTP put back into it when those before it are answered; the last of a connection. */
  putBack(raw: RawConnection, restore: () => void): void {
    this.#putBack = { raw, restore };
    if (this.isIdle) this.#restore();
  }

  /** What comes from the client is no request, or no body of the one that came last. */
  fail(refusal: Refusal | undefined, isEof: boolean): void {
    // Node would answer it, and close; with the answer under way there is nobody left to send that to.
    if (isEof && this.#isOver && !this.isIdle) return this.#socket.destroy();
    if (this.#isOver) return;
    const isBody = this.#last !== undefined && !this.#last.complete;
    if (isBody && this.#held.at(-1)?.incoming === this.#last) this.#held.pop();
    else if (isBody && this.#current?.incoming === this.#last) return this.#failCurrent(refusal);
    // The answer to it has gone out before its body.
    else if (isBody) return this.#end(lingerTime);
    // It has left, and is waited for no longer.
    if (isEof && !this.isIdle) this.#socket.destroy();
    else this.refuse(refusal);
  }

  /** The answer to the request under way has gone, or is not going to. */
  ended(running: Running): void {
    if (this.#current !== running) return;
    this.#current = undefined;
    const next = this.#held.shift();
    if (this.#socket.destroyed) return;
    if (next !== undefined) this.#start(next);
    else if (this.#isOver) this.#finish();
    else if (this.#putBack !== undefined) this.#restore();
    else if (this.#owner.isStopping) this.#end(drainLingerTime);
  }

  /** The server stops: what is under way goes on. */
  stop(): void {
    if (this.isIdle) this.#end(drainLingerTime);
  }

  /** Ends the connection, whatever is under way. */
  abort(): void {
    this.#socket.destroy();
  }

  /** Node has let go of the socket, and hears nothing of it any more. */
  detached(): void {
    if (this.#isDetached) return;
    this.#isDetached = true;
    this.#socket.on("error", ignore);
    this.#socket.on("drain", () => this.#current?.outgoing.emit("drain"));
  }

  /** What still comes of a detached socket is read, so that its client's leaving is noticed, and let go. */
  discard(): void {
    this.endWithClient();
    readAgain(this.#socket);
  }

  /** A client that ends its side of a detached socket has left. */
  endWithClient(): void {
    this.#socket.on("end", () => this.#isEnding || this.#socket.destroy());
  }

  #restore(): void {
    const { raw, restore } = this.#putBack!;
    this.#putBack = undefined;
    if (raw.begin()) restore();
    else this.#end(lingerTime, textOf(badRequest));
  }

  #start(arrival: Arrival): void {
    if (arrival.raw?.begin() === false) return this.#end(lingerTime, textOf(badRequest));
    this.#current = this.#owner.start(this, arrival);
  }

  /** The body of the request under way is broken: its client's fault. */
  #failCurrent(refusal: Refusal | undefined): void {
    const { outgoing } = this.#current!;
    this.#isOver = true;
    this.#refusal = refusal;
    this.#current!.finish("left");
    // All that is left to say is that the answer is not whole.
    if (outgoing.headersSent) this.#socket.destroy();
    else this.#finish();
  }

  #finish(): void {
    const refusal = this.#refusal;
    this.#end(lingerTime, refusal === undefined ? undefined : textOf(refusal));
  }

  #end(linger: number, text?: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#isOver = true;
    this.#held = [];
    if (!this.#socket.writable) return this.#socket.destroy();
    this.#socket.end(text);
    const timer = setTimer(() => this.#socket.destroy(), linger);
    this.#socket.once("close", () => timer.cancel());
  }

  #closed(): void {
    this.#isOver = true;
    this.#held = [];
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    current.finish("left");
    // Node forgets the body of a request that asked for an upgrade.
    if (!current.incoming.complete) current.incoming.destroy();
  }

  #drop(incoming: Incoming, raw: RawConnection | undefined): void {
    raw?.take();
    if (raw !== undefined) return this.discard();
    incoming.on("error", ignore);
    incoming.resume();
    if (++this.#dropped > maxDropped) this.#socket.destroy();
  }
}

function ignore(): void {}

/** The bytes of the answer to what is refused. */
function textOf({ status, fields }: Refusal): string {
  const { STATUS_CODES } = builtin<{ STATUS_CODES: Record<number, string> }>("node:http");
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (const name in fields) text += `${name}: ${fields[name]}\r\n`;
  return `${text}date: ${new Date().toUTCString()}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
}
