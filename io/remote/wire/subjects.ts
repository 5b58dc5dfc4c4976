/**
 * Where the messages of a pool go, and what goes along with its jobs.
 *
 * @module
 */

/** The subjects of a pool. */
export interface Subjects {
  /** Calls that are made once, to one of those who serve. */
  readonly call: string;
  /** What callers say to all who serve. */
  readonly control: string;
  /** Where the answers to a caller go, or those to all who call with one key. */
  inbox(caller: string): string;
  keyed(key: string): string;
}

/** Those of the pool of a name. */
export function subjectsOf(pool: string): Subjects {
  const prefix = `millrace.${pool}`;
  return {
    call: `${prefix}.call`,
    control: `${prefix}.control`,
    inbox: (caller) => `${prefix}.inbox.${caller}`,
    keyed: (key) => `${prefix}.key.${hexOf(key)}`,
  };
}

/** The header of a request to an inbox: are the calls of these ids still wanted? */
export const asks = { header: "asks", wanted: "wanted" } as const;

/** The group of those who serve. */
export const workers = "workers";

/** The headers of a dead letter. */
export const deadHeaders = { error: "error", attempts: "attempts", worker: "worker", at: "at" } as const;

/** Of what a header may hold: one line, of bounded length. */
export function headerOf(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, 500).trim();
}

/** A key as one token of a subject, whatever is in it. */
function hexOf(key: string): string {
  return Array.from(new TextEncoder().encode(key), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
