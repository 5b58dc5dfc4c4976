/**
 * A client of the store: one operation after the other, each asked for again, by the same name, until there is an answer or its time is
 * over. What was not answered may be done yet, or never: `OutcomeUnknown`.
 */

import { sleep } from "../../mod.ts";
import { type Answer, ask, type ClientRequest, type Members, type Operation, type Result } from "./protocol.ts";

/** There was no answer: the operation has been done, will be, or never. */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";

  constructor(request: ClientRequest, ms: number) {
    super(`There was no answer to ${JSON.stringify(request)} in ${ms} ms`);
  }
}

export interface ClientOptions {
  /** A name that no other client has, and none had. */
  readonly name: string;
  readonly members: Members;
  /** How long an operation is tried, in ms. Default: 2000. */
  readonly timeout?: number;
  /** How long one node is waited for, in ms. Default: 300. */
  readonly patience?: number;
}

export class Client {
  readonly #options: ClientOptions;
  readonly #nodes: readonly string[];
  /** Who answered last, or is said to. */
  #node: string;
  #number = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#nodes = Object.keys(options.members);
    this.#node = this.#any();
  }

  async get(key: string): Promise<string | null> {
    return (await this.do({ op: "get", key })).value ?? null;
  }

  async put(key: string, value: string): Promise<void> {
    await this.do({ op: "put", key, value });
  }

  async delete(key: string): Promise<void> {
    await this.do({ op: "delete", key });
  }

  /** Puts `value` if there is `from`; says whether there was. */
  async cas(key: string, from: string | null, value: string): Promise<boolean> {
    return (await this.do({ op: "cas", key, from, value })).ok === true;
  }

  /** Does what has no method here. */
  async do(operation: Operation): Promise<Result> {
    const { name, members, timeout = 2000, patience = 300 } = this.#options;
    const request: ClientRequest = { ...operation, client: name, number: ++this.#number };
    const end = performance.now() + timeout;
    for (let left = timeout; left > 0; left = end - performance.now()) {
      const answer = await ask<Answer>(members[this.#node]!, "/kv", request, Math.min(patience, left));
      if (answer?.kind === "done") return answer.result;
      const hint = answer?.kind === "elsewhere" ? answer.node : undefined;
      this.#node = hint ?? this.#any();
      // Without a hint nobody leads: an election takes its time. With one it is there already, or was.
      await sleep(hint === undefined ? 20 + 40 * Math.random() : 5);
    }
    throw new OutcomeUnknown(request, timeout);
  }

  #any(): string {
    return this.#nodes[Math.floor(Math.random() * this.#nodes.length)]!;
  }
}
