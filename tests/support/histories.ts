/**
 * Histories of things that are real, if small: whatever clients saw of one, one thing at a time did it. And a check of them that tries
 * everything.
 *
 * @module
 */

import { type History, history, type Operation } from "../../testing.ts";

/** What does one operation after the other. */
export interface Thing {
  /** Does an operation, and answers. */
  do(name: string, input: unknown): unknown;
}

/** A kind of thing: how it is made, what can be asked of it, and under which keys. */
export interface Kind {
  readonly model: "register" | "map" | "set" | "queue";
  readonly keys: readonly (string | undefined)[];
  /** So many operations, one in four with an unknown outcome, are checked in few steps whatever they are. */
  readonly most: number;
  make(): Thing;
  /** An operation; numbers of `fresh` come once. */
  ask(draw: Draw, fresh: () => number): { name: string; input?: unknown };
}

/** A number below another one. */
export type Draw = (below: number) => number;

function register(): Thing {
  let value: unknown = null;
  return {
    do(name, input) {
      if (name === "read" || name === "get") return value;
      if (name === "delete") {
        const existed = value !== null;
        value = null;
        return existed;
      }
      if (name === "cas") {
        const { from, to } = input as { from: unknown; to: unknown };
        if (value !== from) return false;
        value = to;
        return true;
      }
      value = input;
      return undefined;
    },
  };
}

const setOf = (): Thing => {
  const elements = new Set<unknown>();
  return {
    do(name, input) {
      if (name === "list") return [...elements];
      if (name === "has") return elements.has(input);
      if (name === "remove") return elements.delete(input);
      const isNew = !elements.has(input);
      elements.add(input);
      return isNew;
    },
  };
};

const queueOf = (): Thing => {
  const items: unknown[] = [];
  return { do: (name, input) => name === "take" ? items.shift() : void items.push(input) };
};

/** The kinds of things. */
export const kinds: Readonly<Record<string, Kind>> = {
  register: {
    model: "register",
    keys: [undefined],
    most: 40,
    make: register,
    ask: (draw, fresh) => draw(2) === 0 ? { name: "read" } : { name: "write", input: fresh() },
  },
  "register that is swapped": {
    model: "register",
    keys: [undefined],
    most: 40,
    make: register,
    ask(draw) {
      const name = ["read", "write", "cas"][draw(3)]!;
      return name === "read"
        ? { name }
        : name === "write"
        ? { name, input: draw(3) }
        : { name, input: { from: draw(3), to: draw(3) } };
    },
  },
  map: {
    model: "map",
    keys: ["x", "y"],
    most: 40,
    make: register,
    ask(draw) {
      const name = ["get", "put", "delete"][draw(3)]!;
      return name === "put" ? { name, input: draw(3) } : { name };
    },
  },
  set: {
    model: "set",
    keys: [undefined],
    most: 40,
    make: setOf,
    ask: (draw) => ({ name: ["add", "remove", "has"][draw(3)]!, input: draw(3) }),
  },
  "set that is listed": {
    model: "set",
    keys: ["x", "y"],
    most: 40,
    make: setOf,
    ask(draw) {
      const name = ["add", "remove", "list"][draw(3)]!;
      return name === "list" ? { name } : { name, input: draw(3) };
    },
  },
  queue: {
    model: "queue",
    keys: [undefined],
    // Where each item of unknown fate may be, all others are in another place.
    most: 12,
    make: queueOf,
    ask: (draw, fresh) => draw(2) === 0 ? { name: "take" } : { name: "put", input: fresh() },
  },
};

/** How a history is played. */
export interface Play {
  readonly clients?: number;
  readonly keys?: readonly (string | undefined)[];
  /** One in so many operations has an unknown outcome; none if it is left out. */
  readonly unknown?: number;
}

/** An operation on its way. */
interface Going {
  readonly open: ReturnType<History["call"]>;
  readonly act: () => unknown;
  answer?: unknown;
  isDone: boolean;
}

/** Lets clients ask a thing, so that calls, effects and returns come in an order that is drawn. */
export function played(kind: Kind, operations: number, draw: Draw, play: Play = {}): History {
  const { clients = 3, keys = kind.keys, unknown } = play;
  const h = history();
  const things = new Map(keys.map((key) => [key, kind.make()]));
  const going = new Array<Going | undefined>(clients).fill(undefined);
  let last = 0;
  while (h.size < operations || going.some((each) => each !== undefined)) {
    const busy = going.flatMap((each, index) => each === undefined ? [] : [index]);
    // When no more are to begin, those that are under way end.
    const client = h.size < operations ? draw(clients) : busy[draw(busy.length)]!;
    const one = going[client];
    if (one === undefined) {
      const key = keys[draw(keys.length)];
      const { name, input } = kind.ask(draw, () => ++last);
      const open = h.call(`c${client}`, { name, key, input });
      going[client] = { open, act: () => things.get(key)!.do(name, input), isDone: false };
      continue;
    }
    const isUnknown = unknown !== undefined && draw(2 * unknown) === 0;
    if (isUnknown) one.open.unknown();
    else if (one.isDone) one.open.ok(one.answer);
    else {
      one.answer = one.act();
      one.isDone = true;
      continue;
    }
    going[client] = undefined;
  }
  return h;
}

/** Numbers of a generator, the same for a seed. */
export function drawOf(seed: number): Draw {
  let state = (seed * 2654435761 + 1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** Is there an order of these operations, on things that are real? All orders are tried. */
export function hasOrder(kind: Kind, operations: readonly Operation[], order: "real-time" | "sequential"): boolean {
  const all = operations.filter(({ outcome }) => outcome !== "failed");
  const end = (each: Operation) => each.return ?? Infinity;
  const mustPrecede = (a: Operation, b: Operation) =>
    order === "real-time" ? end(a) < b.call : a.client === b.client && a.call < b.call;
  const go = (done: readonly Operation[], rest: readonly Operation[]): boolean =>
    isTrue(kind, done) && (rest.every(({ outcome }) => outcome === "unknown") ||
      rest.some((each) => {
        const others = rest.filter((other) => other !== each);
        const isFirst = !others.some((other) => other.outcome === "ok" && mustPrecede(other, each));
        return (isFirst && go([...done, each], others)) || (each.outcome === "unknown" && go(done, others));
      }));
  return go([], all);
}

/** Do real things answer so? */
function isTrue(kind: Kind, order: readonly Operation[]): boolean {
  const things = new Map<string | undefined, Thing>();
  return order.every(({ key, name, input, output, outcome }) => {
    if (!things.has(key)) things.set(key, kind.make());
    const answer = things.get(key)!.do(name, input);
    return outcome === "unknown" || text(answer) === text(output);
  });
}

function text(answer: unknown): string {
  return JSON.stringify(Array.isArray(answer) ? answer.toSorted() : answer ?? null);
}
