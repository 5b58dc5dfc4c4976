/**
 * How objects of ours show when they are printed.
 *
 * @module
 */

/** Makes the objects of a class show as `describe` says in `console.log` on Node, Bun and Deno. */
export function printAs<T>(constructor: { prototype: T }, describe: (object: T) => string): void {
  for (const name of ["nodejs.util.inspect.custom", "Deno.customInspect"]) {
    Object.defineProperty(constructor.prototype, Symbol.for(name), {
      value(this: T): string {
        return describe(this);
      },
      configurable: true,
      writable: true,
    });
  }
}
