/**
 * The search for one order of all operations that keeps only the order of each client: sequential consistency.
 *
 * @module
 */

import type { Model } from "./model.ts";
import type { Placed } from "./operation.ts";
import type { Found } from "./search_order.ts";
import { Seen, States } from "./seen.ts";

/** A step of the search: which way it went, and what there was before it. */
interface Step {
  readonly way: number;
  readonly state: unknown;
  readonly number: number;
}

/** Searches such an order within so many steps. */
export function searchSequence(operations: readonly Placed[], model: Model, budget: number): Found {
  const byClient = new Map<string, Placed[]>();
  for (const each of operations) {
    const own = byClient.get(each.operation.client);
    if (own === undefined) byClient.set(each.operation.client, [each]);
    else own.push(each);
  }
  const clients = [...byClient.values()];
  const done = new Int32Array(clients.length);
  const states = new States(model.identity === undefined ? undefined : (state) => model.identity!(state));
  const written = {
    most: done.length,
    write(into: Int32Array, at: number): number {
      into.set(done, at);
      return at + done.length;
    },
  };
  const seen = new Seen(written, { words: new Int32Array(0) });
  const path: Step[] = [];
  let state = model.init();
  let number = states.numberOf(state);
  let left = operations.filter((each) => each.return !== Infinity).length;
  let longest: Placed[] = [];
  let longestState = state;
  let stuck: Placed | undefined;
  let steps = 0;

  /** A way is a client, and whether its next operation is done; one with an unknown outcome may be left out. */
  const nextOf = (way: number): Placed | undefined => clients[way >> 1]![done[way >> 1]!];
  const keepLongest = (): void => {
    const order = orderOf(path, clients);
    if (stuck !== undefined && order.length <= longest.length) return;
    longest = order;
    longestState = state;
    const waiting = clients.map((own, index) => own[done[index]!]).filter((each) => each !== undefined);
    stuck = waiting.filter((each) => each.return !== Infinity).sort((a, b) => a.call - b.call)[0];
  };
  const found = (isLegal: boolean | undefined): Found => {
    if (isLegal === undefined) keepLongest();
    const order = isLegal === true ? orderOf(path, clients) : longest;
    return {
      isLegal,
      steps,
      order,
      state: isLegal === true ? state : longestState,
      stuck: isLegal ? undefined : stuck,
    };
  };

  let way = 0;
  while (left > 0) {
    if (steps++ >= budget) return found(undefined);
    if (way === 2 * clients.length) {
      keepLongest();
      const last = path.pop();
      if (last === undefined) return found(false);
      done[last.way >> 1]!--;
      if (nextOf(last.way)!.return !== Infinity) left++;
      ({ state, number } = last);
      way = last.way + 1;
      continue;
    }
    const next = nextOf(way);
    const isLeftOut = (way & 1) === 1;
    const after = next === undefined || (isLeftOut && next.return !== Infinity)
      ? undefined
      : isLeftOut
      ? state
      : model.step(state, next.operation);
    if (after === undefined) {
      way++;
      continue;
    }
    const before: Step = { way, state, number };
    done[way >> 1]!++;
    state = after;
    number = states.numberOf(after);
    const isUnseen = states.isFull ? undefined : seen.add(number);
    if (isUnseen !== true) {
      done[way >> 1]!--;
      ({ state, number } = before);
      if (isUnseen === undefined) return found(undefined);
      way++;
      continue;
    }
    if (next!.return !== Infinity) left--;
    path.push(before);
    way = 0;
  }
  return found(true);
}

/** The operations that were done on a path. */
function orderOf(path: readonly Step[], clients: readonly (readonly Placed[])[]): Placed[] {
  const at = new Int32Array(clients.length);
  return path.flatMap(({ way }) => {
    const next = clients[way >> 1]![at[way >> 1]!++]!;
    return (way & 1) === 1 ? [] : [next];
  });
}
