/**
 * An arbitrary as fast-check uses one, without fast-check: it asks of one for nothing but these members.
 *
 * @module
 */

/** What values are drawn from, of fast-check's own. */
export interface Source {
  /** A whole number between two, both included. */
  nextInt(from: number, to: number): number;
}

/** How fast-check makes another one of a value that is used up by a run. */
export const cloneMethod: unique symbol = Symbol.for("fast-check/cloneMethod") as never;

/** A value as arbitraries hand it to each other. */
export class Shrinkable<T> {
  readonly value_: T;
  /** What the arbitrary that made it wants to know again when it is asked for smaller ones. */
  readonly context: unknown;
  readonly hasToBeCloned: boolean;
  readOnce = false;

  constructor(value: T, context: unknown) {
    this.value_ = value;
    this.context = context;
    this.hasToBeCloned = isCloneable(value);
  }

  /** The value; from the second time on a clone, where it has to be one. */
  get value(): T {
    const value: unknown = this.value_;
    if (!this.readOnce || !isCloneable(value)) {
      this.readOnce = true;
      return this.value_;
    }
    return value[cloneMethod]() as T;
  }
}

function isCloneable(value: unknown): value is { [cloneMethod](): unknown } {
  return typeof (value as { [cloneMethod]?: unknown } | null | undefined)?.[cloneMethod] === "function";
}

/** Draws values of one kind and makes them smaller. */
export class DuckArbitrary<T> {
  readonly generate: (source: Source, bias?: number) => Shrinkable<T>;
  readonly #smaller: (value: T, context: unknown) => Iterable<Shrinkable<T>>;

  constructor(
    generate: (source: Source, bias?: number) => Shrinkable<T>,
    smaller: (value: T, context: unknown) => Iterable<Shrinkable<T>>,
  ) {
    this.generate = generate;
    this.#smaller = smaller;
  }

  /** A value that this arbitrary has not made cannot be made smaller. */
  canShrinkWithoutContext(_value: unknown): boolean {
    return false;
  }

  shrink(value: T, context: unknown): Values<Shrinkable<T>> {
    return new Values(context === undefined ? [] : this.#smaller(value, context));
  }

  filter(keep: (value: T) => boolean): DuckArbitrary<T> {
    return new DuckArbitrary((source, bias) => {
      for (;;) {
        const made = this.generate(source, bias);
        if (keep(made.value)) return made;
      }
    }, (value, context) => this.shrink(value, context).filter((smaller) => keep(smaller.value)));
  }

  map<U>(fn: (value: T) => U): DuckArbitrary<U> {
    const mapped = (from: Shrinkable<T>): Shrinkable<U> => new Shrinkable(fn(from.value), { from });
    return new DuckArbitrary(
      (source, bias) => mapped(this.generate(source, bias)),
      (_, context) => {
        const { from } = context as { from: Shrinkable<T> };
        return this.shrink(from.value, from.context).map(mapped);
      },
    );
  }

  chain<U>(fn: (value: T) => DuckArbitrary<U>): DuckArbitrary<U> {
    const next = (arbitrary: DuckArbitrary<U>, made: Shrinkable<U>): Shrinkable<U> =>
      new Shrinkable(made.value, { arbitrary, made });
    return new DuckArbitrary<U>(
      (source, bias) => {
        const arbitrary = fn(this.generate(source, bias).value);
        return next(arbitrary, arbitrary.generate(source, bias));
      },
      (_, context) => {
        const { arbitrary, made } = context as { arbitrary: DuckArbitrary<U>; made: Shrinkable<U> };
        return arbitrary.shrink(made.value, made.context).map((smaller) => next(arbitrary, smaller));
      },
    );
  }
}

/** A stream as arbitraries hand it to each other, with what they call of it. */
export class Values<T> implements IterableIterator<T> {
  readonly #source: Iterator<T>;

  constructor(source: Iterable<T>) {
    this.#source = source[Symbol.iterator]();
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<T> {
    return this.#source.next();
  }

  map<U>(fn: (value: T) => U): Values<U> {
    return new Values(mapped(this, fn));
  }

  filter(keep: (value: T) => boolean): Values<T> {
    return new Values(filtered(this, keep));
  }

  flatMap<U>(fn: (value: T) => Iterable<U>): Values<U> {
    return new Values(flattened(this.map(fn)));
  }

  join(...others: Iterable<T>[]): Values<T> {
    return new Values(flattened([this as Iterable<T>, ...others]));
  }

  take(count: number): Values<T> {
    let left = count;
    return this.takeWhile(() => left-- > 0);
  }

  takeWhile(goesOn: (value: T) => boolean): Values<T> {
    return new Values(taken(this, goesOn));
  }

  getNthOrLast(index: number): T | null {
    let last: T | null = null;
    for (const value of this) {
      last = value;
      if (index-- === 0) break;
    }
    return last;
  }
}

function* mapped<T, U>(source: Iterable<T>, fn: (value: T) => U): Generator<U> {
  for (const value of source) yield fn(value);
}

function* filtered<T>(source: Iterable<T>, keep: (value: T) => boolean): Generator<T> {
  for (const value of source) if (keep(value)) yield value;
}

function* flattened<T>(sources: Iterable<Iterable<T>>): Generator<T> {
  for (const source of sources) yield* source;
}

function* taken<T>(source: Iterable<T>, goesOn: (value: T) => boolean): Generator<T> {
  for (const value of source) {
    if (!goesOn(value)) return;
    yield value;
  }
}
