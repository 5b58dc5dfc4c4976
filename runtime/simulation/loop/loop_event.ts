/**
 * What runs on a simulated loop.
 *
 * @module
 */

import type { Owner } from "./owner.ts";

/** A macrotask that is ready. */
export interface LoopEvent {
  /** Whose it is; `undefined` where there are no machines, and of the world around them. */
  readonly owner?: Owner | undefined;
  /** Its place in the order of all that was asked of the loop. */
  readonly id: number;
  /** What it is called in a schedule. */
  readonly label: string;
  readonly kind: "timer" | "io" | "message" | "immediate" | "option";
  /**
   * The line of causes it belongs to: the first thing that a macrotask asks for goes on with the line of that macrotask, and all
   * others begin lines of their own.
   */
  readonly chain: number;
  fn: () => void;
}

/** One of the ways in which a thing may go: a decision between options has one number, and the first is what happens as a rule. */
export interface Option extends LoopEvent {
  readonly kind: "option";
  /** What a schedule says of it, in words. */
  readonly told: string;
}

/** Stands for the time of an arrival that may come whenever the schedule likes. */
export const anyTime = -1;

/** A completion or a message. */
export interface Arrival extends LoopEvent {
  readonly kind: "io" | "message";
  /** When it comes, in ms of the loop's clock, or `anyTime`. */
  readonly at: number;
  /** What has a port in common keeps its order: messages of a port, operations of a stream. */
  readonly port: unknown;
  /** What may come together with others of the same name. */
  readonly batch: string | undefined;
  /** The flow of control that asked for it, if that is known. */
  readonly scope: object | undefined;
  /** Where it was asked for; kept where somebody wants to know. */
  readonly place: Error | undefined;
}

/** An immediate. */
export interface Immediate extends LoopEvent {
  readonly kind: "immediate";
  /** Was it asked for by the program, not by a run queue? */
  readonly own: boolean;
}

/** How an operation completes. */
export interface CompletionSettings {
  /** After so many ms exactly; without it, at any time. */
  readonly latency?: number | undefined;
  /** Completes after those of the same port before it. */
  readonly port?: unknown;
  readonly batch?: string | undefined;
  readonly scope?: object | undefined;
}

/** How a message is delivered. */
export interface DeliverySettings {
  /** Comes after those of the same port before it. */
  readonly port?: unknown;
  /** When it comes, in ms of the loop's clock, or `anyTime`; without it, now. */
  readonly at?: number | undefined;
  readonly batch?: string | undefined;
}

/** Decides which of several events runs next, by its index. */
export type Choose = (events: readonly LoopEvent[]) => number;

/** What a loop is made with. */
export interface LoopOptions {
  readonly keepPlaces: boolean;
  /** The shortest delay of a timer, in ms. */
  readonly shortestDelay: number;
  /** May timers fire late? */
  readonly late: boolean;
  /** Is told of each macrotask, as it runs. */
  readonly observe: ((event: LoopEvent) => void) | undefined;
}
