/**
 * A request of a program to a server, where machines are simulated: what both say to each other are packets, and either may end at any
 * time.
 *
 * ```
 *   asked ──"GET /a arrives"──> at the server ──its handler returns──> answered ──"response to GET /a"──> head is there
 *     │                             │                                                     "body of GET /a"──> ... ──> over
 *     └─ refused, reset, aborted, no answer in time; the program of either side ends ──────────────────────────────> over
 * ```
 *
 * What comes to a side runs as a macrotask of its program: it is told there, and nothing happens to it anywhere else.
 *
 * @module
 */

import type { Life } from "../machines/life.ts";
import type { Machines } from "../machines/machines.ts";
import { machineOf, type SimulatedMachine } from "../machines/simulated_machine.ts";
import { BodyWay } from "./body_way.ts";
import { failed } from "./fetch_abort.ts";
import type { SentRequest } from "./fetch_request.ts";
import type { SimulatedServer } from "./http_server.ts";
import { type AnswerWay, MachineExchange } from "./machine_exchange.ts";
import type { Lane, Paths } from "./paths.ts";

/** For how long a client waits for an answer, in ms: real ones give up after that. */
const patience = 300_000;

/** For how long it knocks at a machine that is off, in ms. */
const knocking = 127_000;

/** What the network is to a call. */
export interface CallWorld {
  readonly machines: Machines;
  readonly paths: Paths;
  /** The server on a machine that listens on a port. */
  serverOn(machine: SimulatedMachine | undefined, port: number): SimulatedServer | undefined;
  addressOf(machine: SimulatedMachine | undefined): string;
  /** The call is over. */
  forget(call: MachineCall): void;
}

/** What is told how a call went, once. */
export interface CallListener {
  answered(response: Response): void;
  failed(error: unknown): void;
  /** Called in any case, when nothing is to come any more. */
  over(): void;
}

/** One request and its answer. */
export class MachineCall implements AnswerWay {
  /** The programs on both sides; `undefined` for the body, and before the server has been reached. */
  readonly client: Life | undefined;
  server: Life | undefined = undefined;
  readonly #world: CallWorld;
  readonly #from: SimulatedMachine | undefined;
  readonly #to: SimulatedMachine | undefined;
  readonly #request: SentRequest;
  readonly #what: string;
  readonly #there: Lane = { lastAt: 0, waiting: 0 };
  readonly #back: Lane = { lastAt: 0, waiting: 0 };
  readonly #listener: CallListener;
  #exchange: MachineExchange | undefined = undefined;
  /** The bodies that come in pieces. */
  #sent: BodyWay | undefined = undefined;
  #answer: BodyWay | undefined = undefined;
  #state: "asked" | "answered" | "over" = "asked";
  /** What has come to the server's machine before its program could be reached. */
  #early: (() => void)[] | undefined = [];
  #timer: (() => void) | undefined = undefined;
  #isLost = false;

  constructor(world: CallWorld, request: SentRequest, to: SimulatedMachine | undefined, listener: CallListener) {
    this.#world = world;
    this.#request = request;
    this.client = world.machines.loop.asker as Life | undefined;
    this.#from = machineOf(this.client);
    this.#to = to;
    this.#listener = listener;
    this.#what = `${request.method} ${request.target.path}`;
  }

  /** Sends it. */
  start(): void {
    if (this.#world.paths.isCut(this.#from, this.#to)) this.#beImpatient(patience);
    const { body } = this.#request;
    if (body instanceof ReadableStream) void this.#stream(body);
    else this.#knock(body);
  }

  async #stream(source: ReadableStream<Uint8Array>): Promise<void> {
    const body = this.#sent = new BodyWay(source, {
      send: (bytes, come, what) => this.#ask(bytes, () => this.#atServer(what, come), `${what} of ${this.#what}`),
      back: (come) => this.#reply(0, come, `room for ${this.#what}`),
      cancelled: (reason) => this.#reply(0, () => body.stop(reason), `the server reads no more of ${this.#what}`),
    });
    try {
      const { there, isWhole } = await body.begin();
      if (this.#state === "over") return;
      this.#knock(isWhole ? there : body);
      if (!isWhole) await body.rest(there);
    } catch (error) {
      this.abort(failed(error as Error));
    }
  }

  /** The client wants no answer any more. */
  abort(reason: unknown): void {
    if (this.#state === "over") return;
    this.#fail(reason);
    this.cancelled(reason);
  }

  /** A program has ended; the system tells the other side, if it has power. */
  ended(life: Life, power: boolean): void {
    if (this.#state === "over") return;
    if (life === this.client) {
      this.#sent?.drop();
      if (!power) this.cancelled(new TypeError("terminated"));
      this.#over();
    } else {
      this.#answer?.drop();
      if (power) this.#beImpatient(patience);
      else this.fails(undefined);
    }
  }

  /** The connection breaks. */
  reset(): void {
    if (this.#state !== "over") this.#lost();
  }

  /** Nothing gets through any more, without a word. */
  lose(): void {
    this.#isLost = true;
  }

  #resetError(): Error {
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    return this.#state === "answered" ? Object.assign(new TypeError("terminated"), { cause: reset }) : failed(reset);
  }

  /** Sends something to the server's machine; `arrive` is called in the world. */
  #ask(bytes: number, arrive: () => void, label: string): void {
    this.#world.paths.send({
      from: this.#from,
      to: this.#to,
      label,
      bytes,
      lane: this.#there,
      arrive,
      lost: () => this.#lost(),
      held: () => this.#beImpatient(patience),
    });
  }

  /** Sends something to the client, whose program `come` is called in. */
  #reply(bytes: number, come: () => void, label: string): void {
    this.#world.paths.send({
      from: this.#to,
      to: this.#from,
      label,
      bytes,
      lane: this.#back,
      arrive: () => this.#atClient(label, come),
      lost: () => this.#lost(),
      held: () => this.#beImpatient(patience),
    });
  }

  #atClient(label: string, come: () => void): void {
    const { client } = this;
    if (this.#isLost) return;
    this.#timer?.();
    if (client === undefined) come();
    else this.#world.machines.reach(client, label, come, this.#back);
  }

  #atServer(label: string, come: () => void): void {
    if (this.#isLost) return;
    if (this.#early !== undefined) this.#early.push(() => this.#atServer(label, come));
    else if (this.server === undefined) come();
    else this.#world.machines.reach(this.server, label, come, this.#there);
  }

  /** Both sides find that the connection is reset. */
  #lost(): void {
    const { loop } = this.#world.machines;
    const leave = (): void => this.#atServer("a reset", () => this.#exchange?.leave(new TypeError("terminated")));
    this.#atClient("a reset", () => this.#fail(this.#resetError()));
    if (this.#early === undefined) loop.unowned(() => loop.deliver(leave, "a reset", {}));
  }

  /** Asks for the server. */
  #knock(body: Uint8Array<ArrayBuffer> | BodyWay | undefined): void {
    const size = body instanceof Uint8Array ? body.length : 0;
    this.#ask(size, () => this.#come(body), `${this.#what} arrives`);
  }

  /** The request has come to a machine. */
  #come(body: Uint8Array<ArrayBuffer> | BodyWay | undefined): void {
    const to = this.#to;
    if (this.#state === "over" || this.#isLost) return;
    if (to !== undefined && !to.hasPower) {
      this.#beImpatient(knocking);
      return to.whenPowered(() => this.#world.paths.sendAgain(() => this.#knock(body), this.#what));
    }
    const { target: { port } } = this.#request;
    if (this.#world.serverOn(to, port) === undefined) return this.#refuse();
    this.server = to?.alive;
    this.#timer?.();
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#atServer(`${this.#what} arrives`, () => this.#arrive(body));
    for (const come of early) come();
  }

  #refuse(): void {
    const { host } = this.#request.target;
    const refused = Object.assign(new Error(`connect ECONNREFUSED ${host}`), { code: "ECONNREFUSED" });
    this.#reply(0, () => this.#fail(failed(refused)), `${this.#what} is refused`);
  }

  #arrive(body: Uint8Array<ArrayBuffer> | BodyWay | undefined): void {
    if (this.#state === "over") return;
    const { target: { url, port }, method, headers } = this.#request;
    const server = this.#world.serverOn(this.#to, port);
    if (server === undefined) return this.fails(undefined);
    const remoteAddress = this.#to === this.#from ? "127.0.0.1" : this.#world.addressOf(this.#from);
    const arrived = body instanceof BodyWay ? body.open() : body;
    this.#exchange = new MachineExchange(server, { url, method, headers, body: arrived, remoteAddress }, this);
    this.#exchange.handle();
  }

  whole(init: ResponseInit, body: Uint8Array<ArrayBuffer> | undefined): void {
    if (this.server?.isOver === true) return;
    this.#reply(body?.length ?? 0, () => {
      if (this.#state === "over") return;
      this.#over();
      this.#listener.answered(new Response(body ?? null, init));
    }, `response to ${this.#what}`);
  }

  begins(init: ResponseInit, body: BodyWay): void {
    if (this.server?.isOver === true) return body.drop();
    this.#answer = body;
    this.#reply(0, () => {
      if (this.#state === "over") return;
      this.#state = "answered";
      this.#listener.answered(new Response(body.open(), init));
    }, `response to ${this.#what}`);
  }

  send(bytes: number, come: () => void, what: "body" | "end"): void {
    const arrive = (): void => {
      if (this.#state === "over") return;
      come();
      if (what === "end") this.#over();
    };
    this.#reply(bytes, arrive, what === "end" ? `the end of ${this.#what}` : `body of ${this.#what}`);
  }

  back(come: () => void): void {
    this.#ask(0, () => this.#atServer("room", come), `room for ${this.#what}`);
  }

  /** The server's end of it breaks. */
  fails(error: Error | undefined): void {
    this.#reply(0, () => this.#fail(error ?? this.#resetError()), `the end of ${this.#what}`);
  }

  /** Lets the server know that the client is not there any more. */
  cancelled(reason: unknown): void {
    this.#over();
    const label = `the client of ${this.#what} leaves`;
    this.#ask(0, () => this.#atServer(label, () => this.#exchange?.leave(reason)), label);
  }

  /** The client gets an error in the place of an answer, or of the rest of it. */
  #fail(error: unknown): void {
    if (this.#state === "over") return;
    const isAnswered = this.#state === "answered";
    this.#over();
    this.#sent?.stop(error);
    if (isAnswered) this.#answer?.fail(error);
    else this.#listener.failed(error);
  }

  /** After so many ms without an answer the client gives up. */
  #beImpatient(ms: number): void {
    if (this.#timer !== undefined || this.#state === "over") return;
    const { loop } = this.#world.machines;
    const timedOut = (): Error => failed(Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT" }));
    const expire = (): void => this.#atClient("a timeout", () => this.#fail(timedOut()));
    const timer = loop.setWorldTimer(expire, ms, `the patience of ${this.#what}`);
    this.#timer = () => {
      loop.clearTimer(timer);
      this.#timer = undefined;
    };
  }

  #over(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#timer?.();
    this.#world.forget(this);
    this.#listener.over();
  }
}
