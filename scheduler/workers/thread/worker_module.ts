/**
 * The functions of a worker module, whatever its format.
 *
 * An ES module exports them by name. A CommonJS module, or one that was compiled to it, has them on the object that it exports: hosts
 * give that as the default export, and find names on it only as far as they can read them off the text.
 *
 * @module
 */

/** The export of a name: the module's own, else that of the object which it exports as its default. */
export function exportOf(module: object, name: string): unknown {
  // The names of an ES module are looked up in a table: once, not twice. It inherits nothing.
  const isOwn = Object.getPrototypeOf(module) === null || Object.hasOwn(module, name);
  const own = isOwn ? (module as Record<string, unknown>)[name] : undefined;
  if (typeof own === "function") return own;
  // Also what is named "default" there: TypeScript compiles `export default` so, and Deno gives the whole object by that name.
  const object = defaultObject(module);
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : own;
}

/** The names of the functions, as a list for people. */
export function functionNames(module: object): string {
  const names = new Set([...Object.keys(module), ...Object.keys(defaultObject(module) ?? {})]);
  const functions = [...names].filter((name) => typeof exportOf(module, name) === "function");
  return functions.length === 0 ? "none" : functions.join(", ");
}

function defaultObject(module: object): Record<string, unknown> | undefined {
  const value = (module as { default?: unknown }).default;
  return typeof value === "object" || typeof value === "function"
    ? (value as Record<string, unknown> | null) ?? undefined
    : undefined;
}
