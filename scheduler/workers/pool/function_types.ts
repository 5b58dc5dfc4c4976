/**
 * What the type of a worker module says about calls of its functions.
 *
 * @module
 */

import type { MarkedCallback } from "../wire/markers.ts";

/**
 * Any function.
 *
 * @internal
 */
type AnyFunction = (...args: never) => unknown;

/** The names of the functions that a module exports. */
export type FunctionName<M> =
  & { [K in keyof M]: M[K] extends AnyFunction ? K : never }[keyof M]
  & string;

/** The names of those that give one result: a generator cannot be sent, but be read with `stream`. */
export type RunnableName<M> =
  & {
    [K in keyof M]: M[K] extends (...args: never) => infer R ? GivesOne<Awaited<R>> extends true ? K : never : never;
  }[keyof M]
  & string;

/** The names of those that give an iterable, whose values `stream` reads; of unknown results nobody can say. */
export type StreamableName<M> =
  & {
    [K in keyof M]: M[K] extends (...args: never) => infer R
      ? unknown extends R ? K : Awaited<R> extends AsyncIterable<unknown> | Iterable<unknown> ? K : never
      : never;
  }[keyof M]
  & string;

/** What can only be read one after the other. */
type OneByOne = (AsyncIterable<unknown> | Iterable<unknown>) & { next(...args: never): unknown };

/**
 * Does it give one result? Of a function that never returns, and of an unknown result, nobody can say that it does not.
 *
 * @internal
 */
type GivesOne<R> = [R] extends [never] ? true : IsAny<R> extends true ? true : [R] extends [OneByOne] ? false : true;

/** The arguments of an exported function, as a caller gives them: in the place of each function one marked with `callback()`. */
export type Arguments<M, K extends keyof M> = Given<Declared<M[K]>>;

/** An item of a `map`: the one argument. Functions do not cross with items. */
export type Item<M, K extends keyof M> = Exclude<Declared<M[K]>[0], AnyFunction>;

/** What an exported function gives, once awaited, as it arrives: a `Buffer` is a `Uint8Array`. */
export type Result<M, K extends keyof M> = M[K] extends (...args: never) => infer R ? Received<Awaited<R>> : never;

/** The values of an exported function that returns an iterable. */
export type StreamedValue<M, K extends keyof M> = M[K] extends (...args: never) => infer R ? unknown extends R ? unknown
  : Awaited<R> extends AsyncIterable<infer V> | Iterable<infer V> ? Received<Awaited<V>>
  : never
  : never;

/** The functions of a module as they are called through a pool: each gives a promise. */
export type PoolFunctions<M> = {
  readonly [K in RunnableName<M>]: (...args: Arguments<M, K>) => Promise<Result<M, K>>;
};

/**
 * The parameters of a function.
 *
 * @internal
 */
type Declared<F> = F extends (...args: infer A) => unknown ? A : never;

/**
 * What a caller gives for them. A mapped type, no condition: only so does the compiler know what a `callback()` in one of the places is
 * for before it knows the whole list.
 *
 * @internal
 */
type Given<A extends unknown[]> = { [I in keyof A]: GivenOne<A[I]> };

type GivenOne<T> = T extends (...args: infer A) => infer R
  // In the worker it gives a promise, whatever it gives here: one that is to give a plain value there cannot be had.
  ? (() => Promise<Awaited<R>>) extends (() => R)
    ? MarkedCallback<A extends unknown[] ? { [I in keyof A]: Received<A[I]> } : never, Awaited<R>>
  : { readonly "a callback gives a promise in the worker: let the parameter's type say so": never }
  : T;

/** A `Buffer` of Node's, told by its methods: not every program knows the name. */
interface BufferLike extends Uint8Array {
  readUInt8(offset?: number): number;
  swap16(): unknown;
}

type IsAny<T> = 0 extends 1 & T ? true : false;

/** `true` is among the answers if it may be a `Buffer`. */
type MayBeBuffer<T> = IsAny<T> extends true ? false : T extends BufferLike ? true : false;

/**
 * What arrives. Three levels down and no further: the type of a tree has no end.
 *
 * @internal
 */
type Received<T> = IsAny<T> extends true ? T
  : T extends BufferLike ? Uint8Array
  : T extends readonly unknown[] ? { [I in keyof T]: ReceivedWithin<T[I]> }
  : T extends Map<infer K, infer V> ? Map<ReceivedWithin<K>, ReceivedWithin<V>>
  : T extends Set<infer V> ? Set<ReceivedWithin<V>>
  : WithoutBuffers<T, { [P in keyof T]: ReceivedWithin<T[P]> }>;

type ReceivedWithin<T> = IsAny<T> extends true ? T
  : T extends BufferLike ? Uint8Array
  : T extends readonly unknown[] ? { [I in keyof T]: ReceivedLast<T[I]> }
  : WithoutBuffers<T, { [P in keyof T]: ReceivedLast<T[P]> }>;

type ReceivedLast<T> = IsAny<T> extends true ? T : T extends BufferLike ? Uint8Array : T;

/** An object stays the type it is unless a field of it, or of what its fields hold, is a `Buffer`. */
type WithoutBuffers<T, Without> = T extends object
  ? true extends { [P in keyof T]-?: MayBeBuffer<T[P]> | MayBeBuffer<Members<T[P]>> }[keyof T] ? Without : T
  : T;

type Members<T> = T extends readonly (infer V)[] ? V : never;
