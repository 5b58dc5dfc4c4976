/**
 * Where the operations of a history are in a picture: a lane for each client, time from left to right.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import type { Verdict } from "./check_linearizable.ts";
import type { History } from "./history.ts";
import { describe } from "./model.ts";
import { type Operation, type OperationData, operationsOf, personOf } from "./operation.ts";

/** What can be drawn. */
export type Drawable = Verdict | History | readonly OperationData[];

/** An operation in a picture. */
export interface Bar {
  readonly operation: Operation;
  readonly label: string;
  /** From its call to its return, or to the end of the picture. */
  readonly from: number;
  readonly to: number;
  readonly isOpen: boolean;
  /** Its line in its lane: more than one only where a client's operations overlap. */
  readonly row: number;
  /** Its number in the order that was found, from 1, and where it took effect. */
  readonly place?: { readonly number: number; readonly at: number };
  /** Is it the one that cannot be placed? */
  readonly isStuck: boolean;
}

/** What happens where in a picture. */
export interface Lanes {
  /** What there is to say about it, if it is a verdict. */
  readonly message: string | undefined;
  readonly lanes: readonly { readonly client: string; readonly rows: number; readonly bars: readonly Bar[] }[];
  /** The moments at which operations are called or return, as far as they are known. */
  readonly moments: readonly { readonly at: number; readonly time: number }[];
  readonly width: number;
  /** How many operations are not shown. */
  readonly hidden: number;
}

/** How wide things are. */
export interface Measures {
  /** Between two moments. */
  readonly gap: number;
  /** For a number of the order. */
  readonly place: number;
  label(text: string): number;
}

/** An event of an operation, in its place among all. */
interface Event {
  readonly index: number;
  readonly isReturn: boolean;
  readonly at: number;
}

/** Lays out what is to be drawn, up to so many operations. */
export function lanesOf(source: unknown, limit: number, measures: Measures): Lanes {
  const verdict = isVerdict(source) ? source : undefined;
  if (verdict === undefined && !Array.isArray(source) && !hasOperations(source)) {
    throw new TypeError(`What is drawn has to be a history or a verdict: received ${show(source)}`);
  }
  const all = operationsOf(source);
  const operations = all.slice(0, limit);
  const hasKeys = new Set(operations.map(({ key }) => key)).size > 1;
  const labels = operations.map((each, index) => {
    const label = verdict?.labels[index] ?? describe(undefined, each);
    return hasKeys && each.key !== undefined ? `${each.key}: ${label}` : label;
  });
  const events = eventsOf(operations);
  const order = verdict === undefined ? [] : numbersOf(verdict, operations);
  const calls = new Array<number>(operations.length).fill(0);
  const returns = new Array<number | undefined>(operations.length).fill(undefined);
  for (const [place, { index, isReturn }] of events.entries()) {
    if (isReturn) returns[index] = place;
    else calls[index] = place;
  }
  const gaps = gapsOf(order, calls, returns);
  const xs = columns(events, labels, calls, gaps, measures);
  const width = xs.at(-1) ?? 0;
  const places = new Map<number, { number: number; at: number }>();
  for (const [gap, inGap] of gaps) {
    for (const [nth, { index, number }] of inGap.entries()) {
      const space = (xs[gap + 1]! - xs[gap]!) / (inGap.length + 1);
      places.set(index, { number, at: xs[gap]! + space * (nth + 1) });
    }
  }
  const byClient = new Map<string, Bar[]>();
  const rows = new Map<string, number[]>();
  const stuck = verdict?.stuck === undefined ? -1 : indexOf(verdict.stuck, operations);
  for (const [index, operation] of operations.entries()) {
    const { client } = operation;
    const end = returns[index];
    const ends = rows.get(client) ?? [];
    rows.set(client, ends);
    const free = ends.findIndex((other) => other < calls[index]!);
    const row = free < 0 ? ends.length : free;
    ends[row] = end ?? Infinity;
    const place = places.get(index);
    const bars = byClient.get(client) ?? [];
    byClient.set(client, bars);
    bars.push({
      operation,
      label: labels[index]!,
      from: xs[calls[index]!]!,
      to: end === undefined ? width : xs[end]!,
      isOpen: end === undefined,
      row,
      isStuck: index === stuck,
      ...(place === undefined ? {} : { place }),
    });
  }
  // The names of one client stand below each other.
  const people = [...new Set(operations.map(({ client }) => personOf(client)))];
  return {
    message: verdict?.message,
    lanes: [...byClient].sort(([a], [b]) => people.indexOf(personOf(a)) - people.indexOf(personOf(b))).map((
      [client, bars],
    ) => ({ client, bars, rows: rows.get(client)!.length })),
    moments: events.flatMap(({ index, isReturn }, place) => {
      const time = isReturn ? operations[index]!.end : operations[index]!.start;
      return time === undefined ? [] : [{ at: xs[place]!, time }];
    }),
    width,
    hidden: all.length - operations.length,
  };
}

function isVerdict(source: unknown): source is Verdict {
  const { result, labels } = (source ?? {}) as Partial<Verdict>;
  return typeof result === "string" && Array.isArray(labels);
}

function hasOperations(source: unknown): boolean {
  return Array.isArray((source as { operations?: unknown } | null | undefined)?.operations);
}

function eventsOf(operations: readonly Operation[]): Event[] {
  return operations.flatMap(({ call, return: returned }, index): Event[] => [
    { index, isReturn: false, at: call },
    ...(returned === undefined ? [] : [{ index, isReturn: true, at: returned }]),
  ]).sort((a, b) => a.at - b.at || Number(a.isReturn) - Number(b.isReturn));
}

/** The same operation may be another object, after JSON. */
function indexOf({ client, call }: Operation, operations: readonly Operation[]): number {
  return operations.findIndex((each) => each.client === client && each.call === call);
}

/** The numbers of operations in the order that was found. */
function numbersOf(verdict: Verdict, operations: readonly Operation[]): { index: number; number: number }[] {
  return verdict.order.map((each, at) => ({ index: indexOf(each, operations), number: at + 1 }))
    .filter(({ index }) => index >= 0);
}

/** Between which events the operations of an order take effect: each as early as it can. */
function gapsOf(
  order: readonly { index: number; number: number }[],
  calls: readonly number[],
  returns: readonly (number | undefined)[],
): Map<number, { index: number; number: number }[]> {
  const gaps = new Map<number, { index: number; number: number }[]>();
  let earliest = 0;
  for (const each of order) {
    earliest = Math.max(earliest, calls[each.index]!);
    // An order that keeps no real time may want one after its return.
    const gap = Math.min(earliest, (returns[each.index] ?? Infinity) - 1);
    const inGap = gaps.get(gap);
    if (inGap === undefined) gaps.set(gap, [each]);
    else inGap.push(each);
  }
  return gaps;
}

/** Where each event is, and last the end of the picture: as near as labels and numbers let them be. */
function columns(
  events: readonly Event[],
  labels: readonly string[],
  calls: readonly number[],
  gaps: ReadonlyMap<number, readonly unknown[]>,
  { gap, place, label }: Measures,
): number[] {
  const xs: number[] = [0];
  for (let column = 1; column <= events.length; column++) {
    const event = events[column];
    let x = xs[column - 1]! + Math.max(gap, ((gaps.get(column - 1)?.length ?? 0) + 1) * place);
    if (event?.isReturn) x = Math.max(x, xs[calls[event.index]!]! + label(labels[event.index]!));
    if (event === undefined) {
      // Those that do not return end here.
      for (const [index, call] of calls.entries()) x = Math.max(x, xs[call]! + label(labels[index]!));
    }
    xs.push(x);
  }
  return xs;
}
