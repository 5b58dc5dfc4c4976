/**
 * What a server says of its jobs.
 *
 * @module
 */

import type { Engine, Headers } from "../engine/engine.ts";
import { mostOf, putBeside, tooLarge } from "../wire/large.ts";
import { type AnswerKind, isTerminal, writeBody } from "../wire/messages.ts";
import { Answered } from "./answered.ts";
import type { HeldJob } from "./held_job.ts";

/** The answers of a server. */
export class Answers {
  readonly #engine: Engine;
  readonly #worker: string;
  /** May an answer be larger than a message? */
  readonly #isLarge: boolean;
  readonly #kept: Answered = new Answered();

  constructor(engine: Engine, worker: string, isLarge: boolean) {
    this.#engine = engine;
    this.#worker = worker;
    this.#isLarge = isLarge;
  }

  /** Says something of a job; the last of it is kept. Gives a promise if it is still to be sent. */
  say(job: HeldJob, kind: AnswerKind, value?: unknown, number?: number): Promise<void> | undefined {
    const bytes = this.#bytesOf(job, kind, value, number);
    if (bytes.length <= mostOf(this.#engine)) return void this.#send(job, kind, bytes, {});
    return putBeside(this.#engine, `answer.${job.body.id}`, bytes)
      .then(({ body, headers }) => this.#send(job, kind, body, headers));
  }

  /** Says the last of a job again; answers whether it is known. */
  repeat(id: string): boolean {
    const answer = this.#kept.get(id);
    if (answer !== undefined) this.#engine.send(answer.inbox, answer.bytes, answer.headers);
    return answer !== undefined;
  }

  #send(job: HeldJob, kind: AnswerKind, bytes: Uint8Array, headers: Headers): void {
    const { inbox, id } = job.body;
    // One that was given up may be tried again by hand.
    if (isTerminal(kind) && kind !== "dead") this.#kept.add(id, { inbox, bytes, headers });
    const { reply } = job;
    // To whoever asked, the first time; then to the job's inbox.
    job.reply = undefined;
    if (reply !== undefined) reply(bytes, headers);
    else this.#engine.send(inbox, bytes, headers);
  }

  #bytesOf(job: HeldJob, kind: AnswerKind, value: unknown, number?: number): Uint8Array {
    const { body: { id, name }, delivery } = job;
    // One that came again while it ran was tried as often as that says; all else is told of the run.
    const attempt = kind === "dead" && delivery !== undefined ? delivery.attempt : job.attempt;
    const answer = { id, attempt, worker: this.#worker, ...(number !== undefined && { number }) };
    let error: unknown;
    try {
      const bytes = writeBody({ ...answer, kind, value }, `what ${name} gave`);
      // What is said on the way goes in order, and none of it is to wait for what lies beside.
      if (bytes.length <= mostOf(this.#engine) || (this.#isLarge && isTerminal(kind))) return bytes;
      error = tooLarge(`What ${name} gave is`, bytes, this.#engine);
    } catch (thrown) {
      error = thrown;
    }
    return writeBody({ ...answer, kind: "failed", value: error });
  }
}
