/**
 * Whose macrotask it is that runs: a program of a simulated machine, from its start to its end. What belongs to nobody is the body's, or
 * the world's around the machines.
 *
 * @module
 */

/** One to whom macrotasks belong, and all that these ask for. */
export interface Owner {
  readonly name: string;
  /** Has it ended? What it asks for from then on comes to nothing. */
  readonly isOver: boolean;
  /** What has come to it and waits, while nothing of it runs; `undefined` while it runs. */
  readonly held: { push(event: object): void } | undefined;
  /** How many ms its clock goes on in one of the loop's. */
  readonly rate: number;
}

/** Stands for the body and for the world around the machines, where the flow of control is known to be theirs. */
export const nobody: unique symbol = Symbol("nobody");

/** Tells to whom the flow of control belongs, where that is known; `undefined` where it is not. */
export type FindOwner = () => Owner | typeof nobody | undefined;
