/**
 * Values without the parts that hosts would copy badly, and how they get them back.
 *
 * ```
 *   value ──takeApart──> a copy of what holds them, with gaps ┐
 *                        and the parts, as data, by their gap ┴──structured clone──> putTogether ──> value
 * ```
 *
 * A clone keeps which object is which within one message: so a gap is told by the very object that has it.
 *
 * @module
 */

/**
 * How many levels a value may have that is sent. Node writes values of which its main thread, whose stack is smaller than a worker's, can
 * read only 1,500 levels; the message, and with it the worker, would be lost. In Chromium a worker's own stack is too small for 900.
 */
export const deepest = 500;

/** Where a part belongs: into which object, and there to which key; in a map to the key or value of an entry by number, in a set by number. */
type Gap<P> = [holder: object, key: string | number, part: P, ofKey?: true];

/** A value, in the first place of a list, or a list of values, without its parts; and these, each as a `P`. */
export interface Gapped<P> {
  readonly list: unknown[];
  readonly gaps: Gap<P>[];
}

/** Is it one that has to travel apart? */
export function isPart(value: object): boolean {
  return value instanceof Error || value instanceof URL ||
    (typeof DOMException === "function" && value instanceof DOMException);
}

/** Takes the `parts` out of the values of a list, and encodes them. The list and what holds a part are copied, not changed. */
export function takeApart<P>(
  values: readonly unknown[],
  parts: ReadonlySet<object>,
  encodePart: (part: object) => P,
): Gapped<P> {
  const gaps: Gap<P>[] = [];
  const copies = new Map<object, object>();

  function copy(value: unknown, holder: object, key: string | number, ofKey?: true): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (!parts.has(value)) return copies.get(value) ?? copyOf(value);
    gaps.push(ofKey ? [holder, key, encodePart(value), ofKey] : [holder, key, encodePart(value)]);
    // An object of its own: gaps of one set are not to become one.
    return {};
  }
  function copyOf(value: object): object {
    const kind = Object.prototype.toString.call(value);
    if (Array.isArray(value)) {
      const list: unknown[] = new Array(value.length);
      copies.set(value, list);
      for (const key of Object.keys(value)) list[key as never] = copy(value[key as never], list, key);
      return list;
    }
    if (value instanceof Map) {
      const map = new Map();
      copies.set(value, map);
      let index = 0;
      for (const [key, item] of value) map.set(copy(key, map, index, true), copy(item, map, index++));
      return map;
    }
    if (value instanceof Set) {
      const set = new Set();
      copies.set(value, set);
      let index = 0;
      for (const item of value) set.add(copy(item, set, index++));
      return set;
    }
    if (kind !== "[object Object]") return value;
    const fields: Record<string, unknown> = {};
    copies.set(value, fields);
    for (const key of Object.keys(value)) {
      const item = copy((value as Record<string, unknown>)[key], fields, key);
      Object.defineProperty(fields, key, { value: item, enumerable: true, writable: true, configurable: true });
    }
    return fields;
  }
  return { list: copyOf(values as object) as unknown[], gaps };
}

/** Puts the parts back into their gaps; gives the list. */
export function putTogether<P>({ list, gaps }: Gapped<P>, decodePart: (part: P) => unknown): unknown[] {
  const collections = new Map<object, unknown[]>();
  for (const [holder, key, part, ofKey] of gaps) {
    const value = decodePart(part);
    if (holder instanceof Map) {
      let entries = collections.get(holder) as unknown[][] | undefined;
      if (entries === undefined) collections.set(holder, entries = [...holder]);
      entries[key as number]![ofKey ? 0 : 1] = value;
    } else if (holder instanceof Set) {
      let items = collections.get(holder);
      if (items === undefined) collections.set(holder, items = [...holder]);
      items[key as number] = value;
    } else {
      Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
    }
  }
  // Anew, in their order.
  for (const [holder, items] of collections) {
    if (holder instanceof Map) {
      holder.clear();
      for (const [key, item] of items as [unknown, unknown][]) holder.set(key, item);
    } else {
      (holder as Set<unknown>).clear();
      for (const item of items) (holder as Set<unknown>).add(item);
    }
  }
  return list;
}
