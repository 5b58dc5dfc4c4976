/**
 * What a server says of its jobs.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import { type AnswerKind, isTerminal, writeBody } from "../wire/messages.ts";
import { Answered } from "./answered.ts";
import type { HeldJob } from "./held_job.ts";

/** What of a message is for its head, in bytes. */
const headRoom = 8192;

/** The answers of a server. */
export class Answers {
  readonly #engine: Engine;
  readonly #worker: string;
  readonly #kept: Answered = new Answered();

  constructor(engine: Engine, worker: string) {
    this.#engine = engine;
    this.#worker = worker;
  }

  /** Says something of a job; the last of it is kept. */
  say(job: HeldJob, kind: AnswerKind, value?: unknown, number?: number): void {
    const bytes = this.#bytesOf(job, kind, value, number);
    const { inbox, id } = job.body;
    // One that was given up may be tried again by hand.
    if (isTerminal(kind) && kind !== "dead") this.#kept.add(id, { inbox, bytes });
    const { reply } = job;
    // To whoever asked, the first time; then to the job's inbox.
    job.reply = undefined;
    if (reply !== undefined) reply(bytes);
    else this.#engine.send(inbox, bytes);
  }

  /** Says the last of a job again; answers whether it is known. */
  repeat(id: string): boolean {
    const answer = this.#kept.get(id);
    if (answer !== undefined) this.#engine.send(answer.inbox, answer.bytes);
    return answer !== undefined;
  }

  #bytesOf({ body: { id, name }, attempt }: HeldJob, kind: AnswerKind, value: unknown, number?: number): Uint8Array {
    const most = this.#engine.maxBytes - headRoom;
    const answer = { id, attempt, worker: this.#worker, ...(number !== undefined && { number }) };
    let error: unknown;
    try {
      const bytes = writeBody({ ...answer, kind, value }, `what ${name} gave`);
      if (bytes.length <= most) return bytes;
      error = new RangeError(`What ${name} gave is too large: ${bytes.length} bytes of ${most}`);
    } catch (thrown) {
      error = thrown;
    }
    return writeBody({ ...answer, kind: "failed", value: error });
  }
}
