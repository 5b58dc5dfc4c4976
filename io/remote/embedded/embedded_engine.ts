/**
 * An engine in this process, for development and tests: all of one name find one another. It also runs in simulations, where lost
 * answers, lost acknowledgements, jobs that come twice and connections that stall are choices of the schedule; and where these have
 * machines it stands apart from them, on one of its own, which they reach over their network.
 *
 * @module
 */

import { buggify } from "../../../runtime/basics/buggify.ts";
import { checkCount, checkFiniteDuration, checkFunction } from "../../../runtime/basics/check.ts";
import type { Engine, Headers, JobQueue, Message, QueueSettings } from "../engine/engine.ts";
import { guarded } from "../engine/guarded.ts";
import { checkPoolName, checkSubject } from "../engine/names.ts";
import type { Parcel } from "./ask.ts";
import { Connection } from "./connection.ts";
import { EmbeddedQueue } from "./embedded_queue.ts";
import { checkSize, maxBytes } from "./limits.ts";

/** One connection to the engine of a name. */
export class EmbeddedEngine implements Engine {
  readonly maxBytes: number = maxBytes;
  readonly objects: Engine["objects"];
  readonly #connection: Connection;

  constructor(name: string) {
    const connection = this.#connection = new Connection(name);
    this.objects = {
      put: (name, bytes) => connection.ask({ op: "put", name, bytes }),
      get: (name) => connection.ask({ op: "get", name }),
      remove: (name) => connection.ask({ op: "drop", name }),
    };
  }

  get state(): Engine["state"] {
    return this.#connection.state;
  }

  async queue(pool: string, { ackWait, attempts, limit }: QueueSettings): Promise<JobQueue> {
    checkPoolName(pool);
    checkFiniteDuration(ackWait, "The wait for a word of a job");
    if (ackWait < 1) throw new RangeError(`A job is heard of after 1 ms or more: received ${ackWait}`);
    checkCount(attempts, "The attempts", 1);
    checkCount(limit, "The limit of a queue", 1);
    const asked = { op: "queue", pool, settings: { ackWait, attempts, limit } } as const;
    return new EmbeddedQueue(this.#connection, pool, await this.#connection.askFirst<QueueSettings>(asked));
  }

  send(subject: string, body: Uint8Array, headers: Headers = {}): void {
    checkSubject(subject, false);
    checkSize(body, headers);
    if (buggify("a message without an answer is lost")) return;
    this.#connection.say({ op: "send", parcel: { subject, headers, body } });
  }

  async request(
    subject: string,
    body: Uint8Array,
    { headers = {}, signal, timeout }: { headers?: Headers; signal: AbortSignal; timeout: number },
  ): Promise<Message> {
    checkSubject(subject, false);
    checkSize(body, headers);
    const asked = { op: "request", parcel: { subject, headers, body } } as const;
    return this.#messageOf(await this.#connection.ask<Parcel>(asked, { signal, timeout }));
  }

  async listen(subject: string, on: (message: Message) => void, group?: string): Promise<() => void> {
    checkSubject(subject, true);
    checkFunction(on, "What listens");
    const take = guarded(on);
    let isOn = true;
    const { leave } = await this.#connection.stand({
      ask: (id) => ({ op: "listen", id, subject, group }),
      told: (told) => isOn && "parcel" in told && take(this.#messageOf(told.parcel)),
    });
    return () => {
      isOn = false;
      void leave();
    };
  }

  async flush(): Promise<void> {
    await this.#connection.ask({ op: "flush" });
  }

  /** Ends the connection; what it held comes again when its time has passed, as after the death of a process. */
  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }

  #messageOf({ subject, headers, body, reply }: Parcel): Message {
    return {
      subject,
      headers,
      body,
      reply: (answer, answered = {}) => {
        checkSize(answer, answered);
        if (reply === undefined) return;
        this.#connection.say({ op: "reply", parcel: { subject: reply, headers: answered, body: answer } });
      },
    };
  }
}
