/**
 * What the files beside this one say of types: `true satisfies Equal<typeof value, Expected>` compiles only where the two are the same,
 * and after `@ts-expect-error` stands what must not compile. Nothing here is ever run; the compiler is the test.
 *
 * @module
 */

/** Are two types the same? Not only assignable: `any`, readonly members and optional ones are told apart. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** A row, as programs have them. */
export interface Row {
  readonly id: number;
}

/** Something with a more special kind. */
export interface Animal {
  readonly name: string;
}

/** One. */
export interface Cat extends Animal {
  meow(): void;
}
