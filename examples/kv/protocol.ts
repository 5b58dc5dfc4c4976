/** What clients and nodes say to each other: small JSON over HTTP. */

import type { Bugs } from "./bugs.ts";
import { currentSignal, throwIfCancelled, withTimeout } from "../../mod.ts";

/** What a client wants of the store. */
export type Operation =
  | { readonly op: "get"; readonly key: string }
  | { readonly op: "put"; readonly key: string; readonly value: string }
  | { readonly op: "delete"; readonly key: string }
  /** Puts `value` if there is `from`; `null` stands for nothing. */
  | { readonly op: "cas"; readonly key: string; readonly from: string | null; readonly value: string };

/**
 * An operation with its name. A client that has no answer asks again by the same name, maybe elsewhere: it is done once. A client has one
 * operation at a time, with numbers that rise.
 */
export type ClientRequest = Operation & { readonly client: string; readonly number: number };

/** What came of an operation: the value of a `get`, or whether a `cas` has found what it wanted. */
export interface Result {
  readonly value?: string | null;
  readonly ok?: boolean;
}

/** How a node answers a client. */
export type Answer =
  | { readonly kind: "done"; readonly result: Result }
  /** Nothing was done: somebody else answers clients, maybe this one. */
  | { readonly kind: "elsewhere"; readonly node?: string | undefined }
  /** It may be done yet, or never. */
  | { readonly kind: "unknown" };

/** The members of a cluster: name to URL. */
export type Members = Readonly<Record<string, string>>;

/**
 * Asks a node. `undefined` says that there is no answer: the question may have been lost, or the answer, or both are under way still.
 */
export async function ask<T>(url: string, path: string, question: unknown, timeout: number): Promise<T | undefined> {
  try {
    return await withTimeout(timeout, async () => {
      const response = await fetch(new URL(path, url), {
        method: "POST",
        body: JSON.stringify(question),
        signal: currentSignal(),
      });
      return response.ok ? await response.json() as T : void await response.body?.cancel();
    });
  } catch {
    throwIfCancelled();
    return undefined;
  }
}

/** Settles as soon as so many have agreed, or cannot any more; the others are not waited for, and one that fails does not agree. */
export function agreed(answers: readonly Promise<boolean>[], needed: number): Promise<boolean> {
  return new Promise((resolve) => {
    let yes = 0;
    let left = answers.length;
    const look = () => {
      if (yes >= needed) resolve(true);
      else if (yes + left < needed) resolve(false);
    };
    const count = (isYes: boolean) => {
      left--;
      if (isYes) yes++;
      look();
    };
    for (const answer of answers) answer.then(count, () => count(false));
    look();
  });
}

/** How a node of the kind `N` is run. */
export interface NodeOptions<N> {
  readonly name: string;
  /** All members, this one included. */
  readonly members: Members;
  /** Where it keeps what must not be lost. */
  readonly folder: string;
  /** The address it listens on. Default: the host of its URL. */
  readonly hostname?: string | undefined;
  /** Is told when clients can come. */
  readonly onOpen?: (node: N) => void;
  /** Is told when this node begins to lead, in which term. */
  readonly onLead?: (term: number) => void;
  readonly bugs?: Bugs;
}
