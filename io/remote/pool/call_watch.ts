/**
 * Looks after calls of which nothing has been heard: an answer may be lost, or a queue with all that was in it.
 *
 * ```
 *   heard of ──two beats──> silent: asked for, looked for ──three times not in its queue──> lost
 *                             └──its queue was made anew──> asked for ──no word for two beats──> lost
 * ```
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import { within } from "../../../scheduler/scopes/current_scope.ts";
import type { JobQueue } from "../engine/engine.ts";
import { exitOf, type RemoteCall } from "./remote_call.ts";

/** Of how many calls is asked at once. */
const askedAtOnce = 100;
/** How often in a row a call has to be missing, in its queue and then with all who serve, until it is lost. */
export const missesOfLost = 3;

/** What is looked after. */
export interface Watched {
  all(): Iterable<RemoteCall>;
  /** How often those who hold something say so, in ms. */
  readonly beat: number;
  /** Are the calls in no queue? */
  readonly isOnce: boolean;
  readonly isConnected: boolean;
  /** The queue, where there is a connection. */
  queue(): Promise<JobQueue>;
  /** Asks all who serve for calls. */
  ask(ids: readonly string[]): void;
}

/** Looks at every beat, from the first call to the last. */
export class CallWatch {
  readonly #watched: Watched;
  #timer: { cancel(): void } | undefined;
  #looking: Promise<void> | undefined;
  /** Which life of the queue was seen last. */
  life: string | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  start(): void {
    this.#timer ??= loop().timers.setTimer(
      () => {
        this.#timer = undefined;
        this.start();
        this.#look();
      },
      this.#watched.beat,
      { real: true },
    );
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const { beat, isConnected } = this.#watched;
    if (!isConnected) return;
    const now = loop().host.now();
    const silent = [...this.#watched.all()].filter(({ heard }) => heard <= now - beat * 2);
    for (const call of silent) {
      const { isQueueLost, asked, heard } = call;
      if (!isQueueLost || asked === undefined || asked < heard || asked > now - beat * 2) continue;
      lose(call, "its queue was lost with all that was in it, and nobody runs it");
    }
    const left = silent.filter(({ isSettled }) => !isSettled);
    if (left.length > 0) {
      const some = left.slice(0, askedAtOnce);
      this.#ask(some, now);
      // Looks that pile up while the connection stalls would all miss at once, before anybody who was asked could answer.
      this.#looking ??= within(undefined, () => this.#lookFor(some), undefined).catch(() => {})
        .finally(() => this.#looking = undefined);
    }
  }

  #ask(calls: readonly RemoteCall[], now: number): void {
    for (const call of calls) if (call.asked === undefined || call.asked < call.heard) call.asked = now;
    for (let from = 0; from < calls.length; from += askedAtOnce) {
      this.#watched.ask(calls.slice(from, from + askedAtOnce).map(({ id }) => id));
    }
  }

  /** Looks for calls where they should be. */
  async #lookFor(calls: readonly RemoteCall[]): Promise<void> {
    const queue = await this.#watched.queue();
    if (!this.#watched.isOnce) await this.see(queue);
    for (const call of calls) {
      if (call.isSettled || call.isQueueLost || (call.sequence === undefined && !this.#watched.isOnce)) continue;
      if (await isIn(queue, call)) call.missing = 0;
      else if (call.missing++ >= missesOfLost) lose(call, "it is over, and its answer was lost");
    }
  }

  /** Sees which life of the queue it is: what was in one that was made anew is with those who run it, or nowhere. */
  async see(queue: JobQueue): Promise<void> {
    const life = await queue.life();
    if (life === this.life) return;
    this.life = life;
    const of = [...this.#watched.all()].filter((call) => call.sequence !== undefined && call.life !== life);
    for (let from = 0; from < of.length; from += askedAtOnce) {
      await Promise.all(
        of.slice(from, from + askedAtOnce).map(async (call) => {
          // It may have been published since.
          call.isQueueLost = !await isIn(queue, call);
          call.life = life;
        }),
      );
    }
    this.#ask(of.filter(({ isQueueLost }) => isQueueLost), loop().host.now());
  }
}

/** Is a call in its place? In a queue that was made anew that may be another one's. */
export async function isIn(queue: JobQueue, { id, sequence }: RemoteCall): Promise<boolean> {
  return sequence !== undefined && (await queue.look(sequence))?.id === id;
}

function lose(call: RemoteCall, why: string): void {
  call.fail(exitOf(call.label, call.worker, new Error(why)));
}
