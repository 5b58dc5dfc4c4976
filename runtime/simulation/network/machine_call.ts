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

import { concatenate } from "../../basics/bytes.ts";
import { type Answer, discard, PlainAnswer, UnwantedBodyError } from "../../port/http.ts";
import type { Life } from "../machines/life.ts";
import type { Machines } from "../machines/machines.ts";
import { machineOf, type SimulatedMachine } from "../machines/simulated_machine.ts";
import { failed, SimulatedExchange, type SimulatedServer } from "./http.ts";
import type { Lane, Paths } from "./paths.ts";

/** For how long a client waits for an answer, in ms: real ones give up after that. */
const patience = 300_000;

/** For how long it knocks at a machine that is off, in ms. */
const knocking = 127_000;

/** After how many ms a machine that is on again is asked again. */
const retransmission = 1000;

/** How many bytes of an answer may be on their way and unread. */
const room = 65_536;

/** How many pieces of an answer are put together that are there at once. */
const mostChunks = 8;

/** What the network is to a call. */
export interface CallWorld {
  readonly machines: Machines;
  readonly paths: Paths;
  /** The server on a machine that listens on a port. */
  serverOn(machine: SimulatedMachine | undefined, port: number): SimulatedServer | undefined;
  /** The call is over. */
  forget(call: MachineCall): void;
}

/** A request, as it is sent. */
export interface SentRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** One request and its answer. */
export class MachineCall {
  /** The programs on both sides; `undefined` for the body, and before the server has been reached. */
  readonly client: Life | undefined;
  server: Life | undefined = undefined;
  readonly #world: CallWorld;
  readonly #from: SimulatedMachine | undefined;
  readonly #to: SimulatedMachine | undefined;
  readonly #port: number;
  readonly #request: SentRequest;
  readonly #what: string;
  readonly #there: Lane = { lastAt: 0, waiting: 0 };
  readonly #back: Lane = { lastAt: 0, waiting: 0 };
  readonly #settled: { resolve(response: Response): void; reject(error: unknown): void };
  #exchange: SimulatedExchange | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #state: "asked" | "answered" | "over" = "asked";
  /** How many bytes of the answer are on their way, and who waits for fewer. */
  #unread = 0;
  #hasRoom: (() => void) | undefined;
  #timer: (() => void) | undefined;
  #isLost = false;

  constructor(
    world: CallWorld,
    request: SentRequest,
    to: SimulatedMachine | undefined,
    port: number,
    settled: { resolve(response: Response): void; reject(error: unknown): void },
  ) {
    this.#world = world;
    this.#request = request;
    this.client = world.machines.loop.asker as Life | undefined;
    this.#from = machineOf(this.client);
    this.#to = to;
    this.#port = port;
    this.#settled = settled;
    const { pathname, search } = new URL(request.url);
    this.#what = `${request.method} ${pathname}${search}`;
  }

  /** Sends it. */
  begin(): void {
    if (this.#world.paths.isCut(this.#from, this.#to)) this.#beImpatient(patience);
    this.#ask(this.#request.body?.length ?? 0, () => this.#knock());
  }

  /** The client wants no answer any more. */
  abort(reason: unknown): void {
    if (this.#state === "over") return;
    this.#fail(reason);
    this.#leave(reason);
  }

  /** A program has ended; the system tells the other side, if it has power. */
  ended(life: Life, power: boolean): void {
    if (this.#state === "over") return;
    if (life === this.client) {
      if (!power) this.#leave(new TypeError("terminated"));
      this.#over();
    } else if (power) this.#beImpatient(patience);
    else this.#reply(0, () => this.#fail(this.#resetError()));
  }

  #resetError(): Error {
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    return this.#state === "answered" ? Object.assign(new TypeError("terminated"), { cause: reset }) : failed(reset);
  }

  /** Sends something to the server; `come` is called in the world. */
  #ask(bytes: number, come: () => void, label = `${this.#what} arrives`): void {
    this.#world.paths.send({
      from: this.#from,
      to: this.#to,
      label,
      bytes,
      lane: this.#there,
      arrive: come,
      lost: () => this.#lost(),
    });
  }

  /** Sends something to the client, whose program `come` is called in. */
  #reply(bytes: number, come: () => void, label = `response to ${this.#what}`): void {
    this.#world.paths.send({
      from: this.#to,
      to: this.#from,
      label,
      bytes,
      lane: this.#back,
      arrive: () => this.#atClient(label, come),
      lost: () => this.#lost(),
    });
  }

  #atClient(label: string, come: () => void): void {
    const { client } = this;
    if (this.#isLost) return;
    if (client === undefined) come();
    else this.#world.machines.reach(client, label, come);
  }

  #atServer(label: string, come: () => void): void {
    if (this.#isLost) return;
    if (this.server === undefined) come();
    else this.#world.machines.reach(this.server, label, come);
  }

  /** The connection breaks. */
  reset(): void {
    if (this.#state !== "over") this.#lost();
  }

  /** Nothing gets through any more, without a word. */
  lose(): void {
    this.#isLost = true;
  }

  /** Both sides find that the connection is reset. */
  #lost(): void {
    const { loop } = this.#world.machines;
    this.#atClient("a reset", () => this.#fail(this.#resetError()));
    loop.unowned(() =>
      loop.deliver(() => this.#atServer("a reset", () => this.#left(new TypeError("terminated"))), "a reset", {})
    );
  }

  /** The request has come to a machine. */
  #knock(): void {
    const to = this.#to;
    if (this.#state === "over") return;
    if (to !== undefined && !to.hasPower) {
      this.#beImpatient(knocking);
      return to.whenPowered(() => this.#knockLater());
    }
    const life = to?.alive;
    if (to !== undefined && life === undefined) return this.#refuse();
    this.server = life;
    this.#timer?.();
    this.#atServer(`${this.#what} arrives`, () => this.#arrive());
  }

  /** A system says again what nobody has answered. */
  #knockLater(): void {
    const { loop } = this.#world.machines;
    const again = (): void => this.#ask(0, () => this.#knock());
    const timer = loop.unowned(() => loop.setTimer(again, retransmission, `${this.#what} is sent again`));
    loop.timers.reference(timer, { referenced: false, wakes: true });
  }

  #refuse(): void {
    const { host } = new URL(this.#request.url);
    const refused = Object.assign(new Error(`connect ECONNREFUSED ${host}`), { code: "ECONNREFUSED" });
    this.#reply(0, () => this.#fail(failed(refused)), `${this.#what} is refused`);
  }

  #arrive(): void {
    if (this.#state === "over") return;
    const server = this.#world.serverOn(this.#to, this.#port);
    if (server === undefined) return this.#refuse();
    const { url, method, headers, body } = this.#request;
    const exchange = this.#exchange = new SimulatedExchange(
      new Request(url, { method, headers, body: body ?? null }),
      server,
    );
    // Where the server itself cuts it.
    exchange.broken.catch(() =>
      this.#reply(0, () => this.#fail(failed(new Error("The other side closed the connection"))))
    );
    server.enter(async () => {
      const answer = await server.options.handle(exchange);
      if (exchange.end === undefined) await this.#answer(answer);
      else discard(answer);
    });
  }

  async #answer(answer: Answer): Promise<void> {
    if (answer instanceof PlainAnswer) {
      const { status, text, headers } = answer;
      return this.#answerWhole(new TextEncoder().encode(text), { status, headers });
    }
    const { status, statusText, headers } = answer;
    const init = { status, statusText, headers };
    if (answer.body === null || this.#request.method === "HEAD" || status === 204 || status === 304) {
      answer.body?.cancel(new UnwantedBodyError()).catch(() => {});
      return this.#answerWhole(undefined, init);
    }
    const reader = this.#reader = answer.body.getReader();
    try {
      // What is there comes in one packet, as from a real server.
      const chunks: Uint8Array[] = [];
      let next = reader.read();
      let read = await soon(next);
      while (read?.done === false && chunks.length < mostChunks) {
        chunks.push(read.value);
        next = reader.read();
        read = await soon(next);
      }
      if (this.#exchange!.end !== undefined) return;
      const there = concatenate(chunks);
      if (read?.done === true) return this.#answerWhole(there, init);
      this.#reply(0, () => this.#head(init));
      if (there.length > 0) await this.#more(there);
      for (let { done, value } = await next; !done; { done, value } = await reader.read()) {
        if (this.#exchange!.end !== undefined) return;
        await this.#more(value!);
      }
      this.#exchange!.finish("sent");
      this.#reply(0, () => this.#end(), `the end of ${this.#what}`);
    } catch (error) {
      this.#exchange!.finish("failed", error);
      this.#reply(0, () => this.#fail(this.#resetError()), `the end of ${this.#what}`);
    }
  }

  /** Sends a piece of the answer; resolves when the next one may be sent. */
  async #more(bytes: Uint8Array): Promise<void> {
    this.#unread += bytes.length;
    const come = (): void => {
      if (this.#state !== "over") this.#controller!.enqueue(bytes);
    };
    this.#reply(bytes.length, come, `body of ${this.#what}`);
    if (this.#unread > room) await new Promise<void>((resolve) => this.#hasRoom = resolve);
  }

  #answerWhole(body: Uint8Array<ArrayBuffer> | undefined, init: ResponseInit): void {
    this.#exchange!.finish("sent");
    this.#reply(body?.length ?? 0, () => {
      if (this.#state === "over") return;
      this.#over();
      this.#settled.resolve(new Response(body, init));
    });
  }

  #head(init: ResponseInit): void {
    if (this.#state === "over") return;
    this.#state = "answered";
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pulled(),
      cancel: (reason) => {
        this.#over();
        this.#leave(reason);
      },
    });
    this.#settled.resolve(new Response(body, init));
  }

  /** The client has read what there was: the server may send more. */
  #pulled(): void {
    if (this.#unread < room / 2 || this.#state === "over") return;
    const read = this.#unread;
    this.#ask(0, () =>
      this.#atServer("room", () => {
        this.#unread -= read;
        this.#hasRoom?.();
        this.#hasRoom = undefined;
      }), `room for ${this.#what}`);
  }

  #end(): void {
    if (this.#state === "over") return;
    this.#over();
    this.#controller?.close();
  }

  /** The client gets an error in the place of an answer, or of the rest of it. */
  #fail(error: unknown): void {
    if (this.#state === "over") return;
    const isAnswered = this.#state === "answered";
    this.#over();
    if (isAnswered) this.#controller?.error(error);
    else this.#settled.reject(error);
  }

  /** Lets the server know that the client is not there any more. */
  #leave(reason: unknown): void {
    this.#ask(
      0,
      () => this.#atServer("the client leaves", () => this.#left(reason)),
      `the client of ${this.#what} leaves`,
    );
  }

  #left(reason: unknown): void {
    this.#exchange?.leave(reason);
    this.#hasRoom?.();
    this.#reader?.cancel(reason).catch(() => {});
  }

  /** After so many ms without an answer the client gives up. */
  #beImpatient(ms: number): void {
    if (this.#timer !== undefined) return;
    const { loop } = this.#world.machines;
    const timedOut = (): Error => failed(Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT" }));
    const expire = (): void => this.#atClient("a timeout", () => this.#fail(timedOut()));
    const timer = loop.unowned(() => loop.setTimer(expire, ms, `the patience of ${this.#what}`));
    loop.timers.reference(timer, { referenced: false, wakes: true });
    this.#timer = () => {
      loop.clearTimer(timer);
      this.#timer = undefined;
    };
  }

  #over(): void {
    this.#state = "over";
    this.#timer?.();
    this.#world.forget(this);
  }
}

/** What a promise resolves with, if it does within some microtasks. */
async function soon<T extends object>(promise: Promise<T>): Promise<T | undefined> {
  let value: T | undefined;
  promise.then((result) => value = result, () => {});
  for (let tick = 0; tick < 16 && value === undefined; tick++) await undefined;
  return value;
}
