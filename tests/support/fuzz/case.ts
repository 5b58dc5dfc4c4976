/**
 * A case: what a client does on one connection, as data.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Sends bytes, so many times; or waits until so many answers have come, or a short time if they need not. */
export type Step = { readonly send: string; readonly times?: number } | { readonly wait: number };

/**
 * How the client leaves: when all has come that it may expect, or at once, with a reset; when it has half closed and all
 * has come; or without having read anything.
 */
export type CaseEnd = "settle" | "reset" | "half" | "mute";

/** What a client does on one connection. */
export interface Case {
  /** What made it. */
  readonly seed: number;
  /** The bytes in base64. */
  readonly steps: readonly Step[];
  readonly end: CaseEnd;
}

/** A step that sends text of one byte a character. */
export function send(text: string, times = 1): Step {
  const step = { send: Buffer.from(text, "latin1").toString("base64") };
  return times === 1 ? step : { ...step, times };
}

/** What a step sends. */
export function textOf(step: Step): string {
  if (!("send" in step)) return "";
  return Buffer.from(step.send, "base64").toString("latin1").repeat(step.times ?? 1);
}

/** All that a case sends. */
export function bytesOf({ steps }: Case): string {
  return steps.map(textOf).join("");
}
