/**
 * What has to be done to the nodes of a list so that they are those of another list, by their keys.
 *
 * A node that is moved in its document loses its focus and where it was scrolled to. So as few are moved as can be, and one that is to
 * be kept is not moved at all: the others are, about it.
 *
 * @module
 */

/** The steps, in their order: first take away what is gone, then place from the last to the first. */
export interface PatchPlan<K> {
  readonly gone: readonly K[];
  /** Each key that is new or moves, and the one it comes before; `undefined` for the end. */
  readonly placed: readonly { readonly key: K; readonly before: K | undefined }[];
}

const unchanged: PatchPlan<never> = { gone: [], placed: [] };

/** The plan from one list of keys, each there once, to another one. */
export function patchPlan<K>(from: readonly K[], to: readonly K[], kept?: K): PatchPlan<K> {
  if (from.length === to.length && from.every((key, index) => key === to[index])) return unchanged;
  const wanted = new Set(to);
  const remaining = from.filter((key) => wanted.has(key));
  const places = new Map(remaining.map((key, index) => [key, index]));
  const steady = steadyOnes(to.map((key) => places.get(key) ?? -1), kept === undefined ? -1 : to.indexOf(kept));
  const placed: { key: K; before: K | undefined }[] = [];
  for (let index = to.length - 1; index >= 0; index--) {
    if (!steady.has(index)) placed.push({ key: to[index]!, before: to[index + 1] });
  }
  return { gone: from.filter((key) => !wanted.has(key)), placed };
}

/** The indexes of a longest run of places that rise, with that of `pivot` among them; -1 is no place. */
function steadyOnes(places: readonly number[], pivot: number): Set<number> {
  const middle = pivot < 0 ? -1 : places[pivot]!;
  /** At each length the index of the lowest place that ends a run of it, and before each index the one before it in its run. */
  const ends: number[] = [];
  const previous: number[] = [];
  for (const [index, place] of places.entries()) {
    if (place < 0 || !fits(index, place, pivot, middle)) continue;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const half = (low + high) >> 1;
      if (places[ends[half]!]! < place) low = half + 1;
      else high = half;
    }
    previous[index] = low === 0 ? -1 : ends[low - 1]!;
    ends[low] = index;
  }
  const steady = new Set<number>();
  for (let index = ends.at(-1) ?? -1; index >= 0; index = previous[index]!) steady.add(index);
  return steady;
}

/** Can it stay where it is, if the one in the middle stays? */
function fits(index: number, place: number, pivot: number, middle: number): boolean {
  if (middle < 0 || index === pivot) return true;
  return index < pivot ? place < middle : place > middle;
}
