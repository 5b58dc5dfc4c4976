/**
 * Telling a schedule by fewer events that are held back, where those that were found do what fewer others would.
 *
 * @module
 */

import { never, optionOf, type Order } from "./order_chooser.ts";

/** Does the body fail when these events wait for those? */
export type FailsUnder = (order: Order) => Promise<boolean>;

type Hold = readonly [name: string, waits: readonly string[]];

/**
 * Holds each event back for as long as it can be, so that it needs no others to make its time come; leaves out those that are now too
 * many; and puts one in the place of two, out of the events that are mentioned. Answers with the holds that are left.
 */
export async function mergeHolds(order: Order, fails: FailsUnder): Promise<Order> {
  let holds: readonly Hold[] = [...order].map(([name, waits]) => [name, waits.slice(-1)]);
  if (!await fails(new Map(holds))) holds = [...order];
  const mentioned = new Set([...order].flatMap(([name, waits]) => [name, waits.at(-1)!]));
  for (;;) {
    holds = await lengthened(holds, fails);
    holds = await withoutSpare(holds, fails);
    const merged = await oneForTwo(holds, order, mentioned, fails);
    if (merged === undefined) return new Map(holds);
    holds = merged;
  }
}

async function lengthened(holds: readonly Hold[], fails: FailsUnder): Promise<readonly Hold[]> {
  for (let index = 0; index < holds.length; index++) {
    const [, waits] = holds[index]!;
    if (waits[0] === never || optionOf(waits) > 0) continue;
    const longer = holds.with(index, [holds[index]![0], [never]]);
    if (await fails(new Map(longer))) holds = longer;
  }
  return holds;
}

async function withoutSpare(holds: readonly Hold[], fails: FailsUnder): Promise<readonly Hold[]> {
  for (let index = 0; index < holds.length;) {
    const fewer = holds.filter((_, at) => at !== index);
    if (!await fails(new Map(fewer))) index++;
    else [holds, index] = [fewer, 0];
  }
  return holds;
}

async function oneForTwo(
  holds: readonly Hold[],
  order: Order,
  mentioned: ReadonlySet<string>,
  fails: FailsUnder,
): Promise<readonly Hold[] | undefined> {
  for (let second = 1; second < holds.length; second++) {
    for (let first = 0; first < second; first++) {
      const rest = holds.filter((_, at) => at !== first && at !== second);
      const names = new Set([first, second].flatMap((at) => [holds[at]![0], order.get(holds[at]![0])?.at(-1)]));
      for (const name of names) {
        if (name === undefined || rest.some(([other]) => other === name)) continue;
        for (const until of [never, ...mentioned]) {
          if (until === name) continue;
          const fewer: Hold[] = [...rest, [name, [until]]];
          if (await fails(new Map(fewer))) return fewer;
        }
      }
    }
  }
  return undefined;
}
