/**
 * Mapping what comes from a source with many tasks at once.
 *
 * @module
 */

import { checkFunction, show } from "../../runtime/basics/check.ts";
import { abortedBy, toCaller } from "../scopes/exit.ts";
import type { Task } from "../scopes/task.ts";
import { checkGroupOptions, type GroupOptions } from "../tasks/group_options.ts";
import { isIterable, ItemGroup, type ItemWork } from "./item_group.ts";

/**
 * Calls `fn(item, index, task)` for each item of a source, many at once, and resolves to the results in the order of
 * the items.
 *
 * Items are pulled lazily, one only when there is room for its task: at most `limit` have been pulled and not ended, so
 * that even an endless source does not run ahead. The first failure, of `fn` or of the source, cancels the tasks that
 * run and pulls no more; when all have ended it is what the promise rejects with. The source is then closed (its
 * `return()` is called, once, shielded, and awaited); one that is stalled in `next()` is left after a grace of 100 ms.
 *
 * @param items Any iterable or async iterable.
 * @param options `limit` bounds how many run at once. Default: no limit. The others are those of a `group`.
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { mapConcurrent, sleep } from "@millrace/millrace";
 *
 * const lengths = await mapConcurrent(["mill", "race"], async (word) => {
 *   await sleep(1);
 *   return word.length;
 * }, { limit: 4 });
 * console.log(lengths.join()); // -> 4,4
 * ```
 */
export function mapConcurrent<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  fn: (item: T, index: number, task: Task<unknown>) => R | PromiseLike<R>,
  options: GroupOptions = {},
): Promise<R[]> {
  if (!isIterable(items)) throw new TypeError(`mapConcurrent needs an iterable: received ${show(items)}`);
  checkFunction(fn, "The function of mapConcurrent");
  const settings = checkGroupOptions(options, "mapConcurrent");
  if (settings.signal?.aborted) return abortedBy(settings.signal);
  settings.name ??= "mapConcurrent";
  const results: R[] = [];
  const work: ItemWork<T, R> = { items, fn, fulfilled: (value, index) => void (results[index] = value) };
  const mapping = new Mapping(settings, work, "mapConcurrent");
  return toCaller(mapping.runBody(() => mapping.spawnAll(), undefined), () => results, settings.signal);
}

/** A group in which so many items may be worked on at once. */
class Mapping<T, R> extends ItemGroup<T, R> {
  protected override get isFull(): boolean {
    return this.live >= this.most;
  }
}
