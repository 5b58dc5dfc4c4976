/**
 * What the type of a worker module says about calls of its functions.
 *
 * @module
 */

/** The names of the functions that a module exports. */
export type FunctionName<M> =
  & { [K in keyof M]: M[K] extends (...args: never) => unknown ? K : never }[keyof M]
  & string;

/** The arguments of an exported function. */
export type Arguments<M, K extends keyof M> = M[K] extends (...args: infer A) => unknown ? A : never;

/** What an exported function gives, once awaited. */
export type Result<M, K extends keyof M> = M[K] extends (...args: never) => infer R ? Awaited<R> : never;

/** The values of an exported function that returns an iterable. */
export type StreamedValue<M, K extends keyof M> = M[K] extends (...args: never) => infer R
  ? Awaited<R> extends AsyncIterable<infer V> | Iterable<infer V> ? V : never
  : never;

/** The functions of a module as they are called through a pool: each gives a promise. */
export type PoolFunctions<M> = {
  readonly [K in FunctionName<M>]: (...args: Arguments<M, K>) => Promise<Result<M, K>>;
};
