/**
 * How a server ends.
 *
 * ```
 *   ready ──drain──> delayed ──delay, or hurry──> refusing ──grace──> cancelled ──force──> cut
 *                                                    └── no request is left ──┴────────────┴──> flushing ──> over
 *
 *                 new requests   live requests, and those that wait for a slot    the listener
 *   ready         served         go on                                            accepts
 *   delayed       served         go on                                            accepts
 *   refusing      503            go on, and count as "finished"                   stops, when no request has come for a while
 *   cancelled     503            cancelled ("shutdown"), and count as such
 *   cut           503            cut and given up, and count as "forced"          aborts
 *   flushing      503            none, or none that is waited for                 may send what it has, until force
 * ```
 *
 * Its waits are apart from any scope: the cancellation of the server's own may be the reason for the drain.
 *
 * @module
 */

import type { HttpListener } from "../../runtime/port/http.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import type { LiveRequest } from "./live_request.ts";
import type { DrainOptions } from "./serve_options.ts";

/** What became of the requests that were live when a drain began; each counts once, by its worst fate. */
export interface DrainSummary {
  /** Requests that ended by themselves. */
  readonly finished: number;
  /** Requests that were cancelled at `grace` and ended before `force`. */
  readonly cancelled: number;
  /** Requests that were cut at `force`. */
  readonly forced: number;
}

/** What a drain needs of its server. */
export interface DrainOwner {
  /** The requests that have not ended, those that wait for a slot too. */
  requests(): LiveRequest[];
  /** No request is left that is waited for: nothing is to be timed any more. */
  stopTimers(): void;
}

/** For how long at least what is sent last may be sent, in ms. */
const flushTime = 100;

/** The end of one server, from the beginning of its life. */
export class Drain {
  /** Resolves when the server has ended. */
  readonly finished: Promise<DrainSummary>;
  readonly #owner: DrainOwner;
  #running: Promise<DrainSummary> | undefined = undefined;
  #refusing = false;
  #finish!: (summary: DrainSummary) => void;
  /** Ends the delay early; present while it lasts. */
  #hurry: (() => void) | undefined = undefined;
  /** Called when no request is left, while that is waited for. */
  #emptied: (() => void) | undefined = undefined;

  constructor(owner: DrainOwner) {
    this.#owner = owner;
    this.finished = new Promise((resolve) => this.#finish = resolve);
  }

  /** Has it begun? */
  get begun(): boolean {
    return this.#running !== undefined;
  }

  /** Are new requests refused? */
  get refusing(): boolean {
    return this.#refusing;
  }

  /** Drains the server; a second call gives the same promise. */
  run(listener: HttpListener, times: Required<DrainOptions>): Promise<DrainSummary> {
    return this.#running ??= this.#run(listener, times);
  }

  /** Ends the delay, if it is not over. */
  hurry(): void {
    this.#hurry?.();
  }

  /** No request is left. */
  emptied(): void {
    this.#emptied?.();
  }

  async #run(listener: HttpListener, { delay, grace, force }: Required<DrainOptions>): Promise<DrainSummary> {
    const owner = this.#owner;
    const counted = new Set(owner.requests());
    if (delay > 0) await settledWithin(new Promise<void>((resolve) => this.#hurry = resolve), delay);
    for (const live of owner.requests()) counted.add(live);
    this.#refusing = true;
    const from = loop().host.now();
    const stopped = listener.stop(grace);
    if (!await this.#emptyWithin(grace)) {
      for (const live of owner.requests()) {
        live.fate = "cancelled";
        live.cancel("shutdown");
      }
      if (!await this.#emptyWithin(force - grace)) {
        for (const live of owner.requests()) live.force();
        listener.abort();
      }
    }
    // What still has a connection now is slow to read its answer.
    if (!await settledWithin(stopped, Math.max(flushTime, from + force - loop().host.now()))) listener.abort();
    owner.stopTimers();
    const summary = { finished: 0, cancelled: 0, forced: 0 };
    for (const { fate } of counted) summary[fate]++;
    this.#finish(Object.freeze(summary));
    return summary;
  }

  #emptyWithin(ms: number): Promise<boolean> {
    if (this.#owner.requests().length === 0) return Promise.resolve(true);
    return settledWithin(new Promise<void>((resolve) => this.#emptied = resolve), ms);
  }
}

/** Does the promise settle within so many ms? */
async function settledWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  if (ms === Infinity) return promise.then(() => true);
  let timer: { cancel(): void } | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = loop().timers.setTimer(() => resolve(false), ms, { real: true });
  });
  const result = await Promise.race([promise.then(() => true), late]);
  timer!.cancel();
  return result;
}
