/**
 * `fetch` to a server of the same program, in a simulation without machines: each passage is an event of the schedule.
 *
 * @module
 */

import { type Answer, discard, responseOf } from "../../port/http.ts";
import { refusal } from "../loop/errors.ts";
import type { SimulatedLoop } from "../loop/loop.ts";
import { failed, FetchAbort } from "./fetch_abort.ts";
import { requestOf, type SentRequest } from "./fetch_request.ts";
import type { SimulatedServer } from "./http_server.ts";
import { localHosts } from "./names.ts";
import { PlainExchange } from "./plain_exchange.ts";
import { follow } from "./redirects.ts";

/** The way of a request and its response. */
interface Way {
  readonly abort: FetchAbort;
  readonly era: object;
  /** Where the request goes. */
  readonly to: string;
  /** What there is at the end of a passage, in words. */
  readonly what: string;
  /** Does it follow another closely? */
  readonly isClose: boolean;
  isFirst: boolean;
}

/** What the network is to the requests on it. */
interface FetchWorld {
  readonly loop: SimulatedLoop;
  readonly latency: number | undefined;
  /** Takes what is on its way now for lost; renewed when it is. */
  readonly era: object;
  readonly isPartitioned: boolean;
  /** Does anybody listen on a port, and is that a server of HTTP? */
  hasServer(port: number): boolean;
  serverOn(port: number): SimulatedServer | undefined;
  takes(what: string): number | undefined;
  stops(what: string): boolean;
  whenWhole(fn: () => void): void;
  /** Takes back what was to be called when the network is whole. */
  waitsNot(fn: () => void): void;
  loses(label: string, told: string): boolean;
  cuts(label: string, bytes: Uint8Array): number;
}

/** The requests of a run without machines. */
export class PlainFetch {
  readonly #world: FetchWorld;

  constructor(world: FetchWorld) {
    this.#world = world;
  }

  /** `fetch` of the program. */
  async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = requestOf(input, init);
    return await follow(request instanceof Promise ? await request : request, (each) => this.#send(each));
  }

  async #send({ target, method, headers, body, signal }: SentRequest): Promise<Response> {
    const { url, port, hostname, host, path } = target;
    if (!this.#world.hasServer(port) && !localHosts.test(hostname)) refusal("fetch")();
    const request = new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
    const call = `${method} ${path}`;
    const abort = new FetchAbort(signal);
    let exchange: PlainExchange | undefined;
    let response: Answer | undefined;
    try {
      const to = `127.0.0.1:${port}`;
      await this.#pass(`${call} arrives`, { abort, era: this.#world.era, to, what: `${call} arrives`, isClose: false });
      const server = this.#world.serverOn(port);
      if (server === undefined) {
        throw failed(Object.assign(new Error(`connect ECONNREFUSED ${host}`), { code: "ECONNREFUSED" }));
      }
      const { broken } = exchange = new PlainExchange(request, server);
      abort.on((reason) => exchange!.leave(reason));
      const way: Way = {
        abort,
        era: this.#world.era,
        to,
        what: `more of the answer to ${call} comes`,
        isClose: true,
        isFirst: true,
      };
      response = await abort.race(Promise.race([server.options.handle(exchange), broken]));
      const answered = { ...way, what: `the answer to ${call} comes`, isClose: false };
      await Promise.race([this.#pass(`response to ${call}`, answered), broken]);
      return exchange.deliver(
        responseOf(response),
        (chunk, take) =>
          this.#passChunk(`body of ${call}`, way, chunk, take).catch((error) => {
            exchange!.leave(error);
            throw error;
          }),
        () => abort.end(new TypeError("terminated")),
      );
    } catch (error) {
      exchange?.leave(error);
      if (response !== undefined) discard(response);
      abort.end(error);
      throw error;
    }
  }

  /** One passage over the network; what is on its way when connections become half-open never comes. */
  #pass(label: string, { abort, era, to, what, isClose }: Omit<Way, "isFirst">): Promise<void> {
    return abort.race(
      new Promise<void>((resolve, reject) => {
        const { loop } = this.#world;
        const begin = (): void => {
          const arrive = (): void => {
            off();
            if (era !== this.#world.era) return;
            if (this.#world.stops(what)) return wait();
            if (!this.#world.loses(label, `the connection to ${to} is reset before ${what}`)) return resolve();
            reject(failed(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })));
          };
          const latency = isClose && this.#world.latency !== undefined ? 0 : this.#world.takes(what);
          const arrival = loop.complete(arrive, label, { latency });
          const off = abort.on(() => loop.arrivals.withdraw(arrival));
        };
        const wait = (): void => {
          this.#world.whenWhole(begin);
          abort.on(() => this.#world.waitsNot(begin));
        };
        if (era !== this.#world.era) return;
        if (this.#world.isPartitioned) wait();
        else begin();
      }),
    );
  }

  /** The way of a chunk of a body; the first has come with the head, and the others follow it closely. */
  async #passChunk(label: string, way: Way, chunk: Uint8Array, take: (part: Uint8Array) => void): Promise<void> {
    if (!way.isFirst) await this.#pass(label, way);
    way.isFirst = false;
    const at = this.#world.cuts(label, chunk);
    if (at === 0) return take(chunk);
    take(chunk.subarray(0, at));
    take(chunk.subarray(at));
  }
}
