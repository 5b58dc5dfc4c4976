/**
 * What stands in the place of a function of the host's: it calls the simulated one while a simulation acts, and the host's own at any
 * other time. A module that is loaded in a simulation may keep it, and a test beside one may find it.
 *
 * ```
 *   no simulation: the host's own ──open──> stand-in, nothing acts: the host's own <──> stand-in, it acts: the simulated one ──close──> the host's own
 * ```
 *
 * There is one for each function, whichever simulation it stands for.
 *
 * @module
 */

type Callable = (...args: never[]) => unknown;

/** One that stands in for one function. */
export interface StandIn {
  readonly fn: Callable;
  /** Is it of a class? They alone have names like that. */
  readonly isClass: boolean;
  /** What is called while a simulation acts. */
  simulated: Callable | undefined;
  /** What was there when a simulation was opened last. */
  before: Callable;
}

/** Under this name `util.promisify` finds what to make of a function. */
export const promisified: symbol = Symbol.for("nodejs.util.promisify.custom");

const all = new WeakMap<object, Map<string, StandIn>>();
let acts = false;
/** Does the host itself run, on behalf of the code that acts? */
let isHosts = false;

/** Is the flow of control known to be of a simulation, whoever has the turn? */
let belongs: (() => boolean) | undefined;

/** Does the code that runs now belong to a simulation? */
export function isActing(): boolean {
  return acts || (belongs !== undefined && belongs());
}

/** From now on this knows flows of control of a simulation: a module that one waits for comes in a turn of the host's. */
export function knowBy(find: (() => boolean) | undefined): void {
  belongs = find;
}

/** From now on the code that runs belongs to a simulation, or does not. */
export function act(whether: boolean): void {
  acts = whether;
}

/** Calls a function of the host, which finds its own functions whatever acts: its timers are real, and its work is no work of the body. */
export function asHost<R>(fn: () => R): R {
  const before = isHosts;
  isHosts = true;
  try {
    return fn();
  } finally {
    isHosts = before;
  }
}

/** What stands in for the member `name` of an object, which is `before` at the moment. */
export function standInFor(target: object, name: string, before: Callable): StandIn {
  let ofTarget = all.get(target);
  if (ofTarget === undefined) all.set(target, ofTarget = new Map());
  let found = ofTarget.get(name);
  if (found === undefined) ofTarget.set(name, found = make(target, name, before));
  else if (found.fn !== before) found.before = before;
  return found;
}

/** What is called in the place of a member while a simulation acts, if anything is. */
export function simulatedOf(target: object, name: string): Callable | undefined {
  return all.get(target)?.get(name)?.simulated;
}

function make(target: object, name: string, before: Callable): StandIn {
  const standIn: StandIn = { fn, isClass: /^[A-Z]/.test(name), simulated: undefined, before };
  function fn(this: unknown, ...args: unknown[]): unknown {
    const called = isActing() && !isHosts && standIn.simulated !== undefined ? standIn.simulated : hostsOwn();
    if (!isActing() && standIn.simulated !== undefined && name === "setImmediate") args[0] = outside(args[0]);
    if (new.target === undefined) return Reflect.apply(called, this, args);
    return Reflect.construct(called, args, new.target === fn ? called : new.target);
  }
  /** It may be another one by now: fakes that were there have been taken away. */
  function hostsOwn(): Callable {
    const now = Reflect.get(target, name) as unknown;
    return typeof now === "function" && now !== fn ? now as Callable : standIn.before;
  }
  Object.defineProperty(fn, "name", { value: name, configurable: true });
  Object.defineProperty(fn, "length", { value: before.length, configurable: true });
  // What else it has is the host's own: the constants of a class.
  Object.setPrototypeOf(fn, before);
  fn.prototype = before.prototype;
  if (before.prototype !== undefined) {
    const isInstance = (value: unknown): boolean =>
      value instanceof hostsOwn() || (standIn.simulated?.prototype !== undefined && value instanceof standIn.simulated);
    Object.defineProperty(fn, Symbol.hasInstance, { value: isInstance });
  }
  return standIn;
}

/** An immediate of somebody else may come between two macrotasks of a simulation. */
function outside(callback: unknown): unknown {
  if (typeof callback !== "function") return callback;
  return function (this: unknown, ...args: unknown[]) {
    acts = false;
    return Reflect.apply(callback, this, args);
  };
}

/** Lets a function stand for another one while a simulation acts; the function it returns ends that. */
export function simulate(standIn: StandIn, simulated: Callable): () => void {
  standIn.simulated = simulated;
  if (Object.hasOwn(simulated, promisified)) {
    Object.defineProperty(standIn.fn, promisified, { value: Reflect.get(simulated, promisified), configurable: true });
  }
  // To look at the prototype of any other function would make one.
  if (standIn.isClass && simulated.prototype?.constructor === simulated) simulated.prototype.constructor = standIn.fn;
  return () => void (standIn.simulated = undefined);
}
