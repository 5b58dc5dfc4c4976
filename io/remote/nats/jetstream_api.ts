/**
 * The calls of JetStream that are used, as questions in JSON.
 *
 * The package `@nats-io/jetstream` is not used for them: its `consume` takes more than is asked for, its `fetch` cannot end before a
 * second has passed, and what it says of a stream that has gone is that JetStream is not enabled.
 *
 * @module
 */

import { isDeeper } from "../engine/json_depth.ts";
import type { NatsHeaders } from "./connection.ts";
import type { Link, PersistOptions } from "./link.ts";

/** What the server answers instead of doing something. */
export class NatsApiError extends Error {
  override readonly name = "NatsApiError";
  /** The number of the case. */
  readonly code: number;

  constructor(call: string, code: number, description: string) {
    super(`${call}: ${description} (${code})`);
    this.code = code;
  }
}

/** The cases that are told apart. */
export const apiCodes = {
  consumerNotFound: 10014,
  noMessage: 10037,
  sequenceNotFound: 10043,
  deleteFailed: 10057,
  streamNameInUse: 10058,
  streamNotFound: 10059,
  subjectsOverlap: 10065,
  storeFailed: 10077,
} as const;

/** How a call is made. */
export interface CallOptions extends PersistOptions {
  /** For how many ms it is tried. */
  readonly deadline: number;
  readonly headers?: NatsHeaders;
}

interface Answer {
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

/** Asks JetStream on one connection. */
export class JetStreamApi {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Calls a function of the server. */
  call<T>(name: string, body: object | undefined, options: CallOptions): Promise<T> {
    return this.ask<T>(`$JS.API.${name}`, body === undefined ? "" : JSON.stringify(body), options);
  }

  /** Asks something that JetStream answers; it is repeated until it does. */
  ask<T>(subject: string, body: Uint8Array | string, options: CallOptions): Promise<T> {
    const { requests } = this.#link;
    const { headers, deadline } = options;
    const attempt = (timeout: number) => requests.ask(subject, body, { timeout, headers, isRepeated: true });
    return this.#link.persist(subject, deadline, attempt, options).then(({ data }) => {
      if (isDeeper(data, 100)) throw new Error(`${subject} was answered by somebody who is no server`);
      const answer = JSON.parse(text.decode(data)) as T & Answer;
      const { error } = answer;
      if (error === undefined) return answer;
      throw new NatsApiError(subject, error.err_code ?? error.code, error.description ?? "no reason is given");
    });
  }
}

const text = new TextDecoder();

/** What a promise comes to; `undefined` where the server answers that it is not there. */
export async function unlessMissing<T>(call: Promise<T>, codes: readonly number[]): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof NatsApiError && codes.includes(error.code)) return undefined;
    throw error;
  }
}
