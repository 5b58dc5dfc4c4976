/**
 * Jobs that were acknowledged, and are there still: a server that was killed may have kept that they were, and not that they are gone. No
 * consumer gives them to anybody; each takes a place of the queue, and whoever looks for it thinks that it waits. They are looked for after
 * each loss of the connection, until all that was there by then is acknowledged.
 *
 * @module
 */

import { priorities } from "../engine/engine.ts";
import { apiCodes, type JetStreamApi, unlessMissing } from "./jetstream_api.ts";
import type { Link } from "./link.ts";
import { pause } from "../engine/pause.ts";
import type { PoolStreams } from "./streams.ts";

/** How long it is until it is looked again, in ms, how often that is done, and how many are taken out at once. */
const again = 2000;
const most = 150;
const mostAtOnce = 1000;

/** For how many ms each question is tried. */
const deadline = 5000;

interface StreamState {
  readonly created: string;
  readonly state: { readonly messages: number; readonly last_seq: number };
}

interface Floor {
  readonly num_pending: number;
  readonly num_ack_pending: number;
  readonly ack_floor: { readonly stream_seq: number };
}

/** Takes out the orphans of a pool. */
export class Orphans {
  readonly #link: Link;
  readonly #api: JetStreamApi;
  readonly #streams: PoolStreams;
  #isLooking = false;
  isClosed = false;

  constructor(link: Link, api: JetStreamApi, streams: PoolStreams) {
    this.#link = link;
    this.#api = api;
    this.#streams = streams;
  }

  /** Looks for them, now and as long as there may be more; does not reject. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const { state: { last_seq } } = await this.#info(this.#streams.tasks);
      for (let round = 0; round < most && !this.isClosed && !this.#link.isOver; round++) {
        if (await this.#sweep(last_seq)) return;
        await pause(again, false);
      }
    } catch {
      // The connection is lost once more, after which it is begun anew; or this user may not look, and another one does.
    } finally {
      this.#isLooking = false;
    }
  }

  #info(stream: string): Promise<StreamState> {
    return this.#api.call<StreamState>(`STREAM.INFO.${stream}`, undefined, { deadline });
  }

  /** Takes out those there are; answers whether no more can come to be up to a place. */
  async #sweep(last: number): Promise<boolean> {
    const { tasks, exhausted } = this.#streams;
    const { created, state } = await this.#info(tasks);
    if (state.messages === 0) return true;
    // A job that was delivered as often as it may be counts as acknowledged, too: it is not to go before its letter is written.
    if ((await this.#info(exhausted)).state.messages > 0) return false;
    let isLast = true;
    const found: number[] = [];
    for (const priority of priorities) {
      const info = await this.#api.call<Floor>(`CONSUMER.INFO.${tasks}.${priority}`, undefined, { deadline });
      const { num_pending, num_ack_pending, ack_floor: { stream_seq: floor } } = info;
      isLast &&= num_pending + num_ack_pending === 0 || floor >= last;
      found.push(...await this.#below(priority, floor));
    }
    // In a stream that was made anew their places are those of others.
    if ((await this.#info(tasks)).created !== created) return true;
    for (const seq of found) {
      const call = this.#api.call(`STREAM.MSG.DELETE.${tasks}`, { seq, no_erase: true }, { deadline });
      await unlessMissing(call, [apiCodes.noMessage, apiCodes.sequenceNotFound, apiCodes.deleteFailed]);
    }
    return isLast && found.length < mostAtOnce;
  }

  async #below(priority: string, floor: number): Promise<number[]> {
    const { tasks, pool } = this.#streams;
    const found: number[] = [];
    for (let seq = 1; seq <= floor && found.length < mostAtOnce;) {
      const which = { seq, next_by_subj: `millrace.${pool}.task.${priority}.>` };
      const call = this.#api.call<{ message: { seq: number } }>(`STREAM.MSG.GET.${tasks}`, which, { deadline });
      const next = await unlessMissing(call, [apiCodes.noMessage]);
      if (next === undefined || next.message.seq > floor) break;
      found.push(next.message.seq);
      seq = next.message.seq + 1;
    }
    return found;
  }
}
