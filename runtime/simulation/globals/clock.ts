/**
 * The functions that tell the time, on the clock of a simulation.
 *
 * @module
 */

import type { World } from "../loop/world.ts";
import { isActing } from "./stand_ins.ts";
import { delayOf, longestDelay } from "./timer_delay.ts";

const RealDate = Date;

/** Milliseconds on the monotonic clock of a simulation. */
export function monotonic(world: World): number {
  return world.monotonicNow();
}

/** A function of the host's that a simulation has another one for. */
export interface Member {
  readonly target: object;
  readonly name: string;
  readonly value: unknown;
}

let shown: World | undefined;

/** Lets {@linkcode simulatedDate} show the present of a world, until the function it returns is called. */
export function showPresent(world: World): () => void {
  shown = world;
  return () => void (shown = undefined);
}

function isShown(): boolean {
  return shown !== undefined && isActing();
}

function present(world: World): number {
  return Math.floor(world.wallNow());
}

function now(): number {
  return isShown() ? present(shown!) : RealDate.now();
}

/** `Date`, whose present is the simulation's while one acts; points in time that are given are as ever. */
export const simulatedDate: DateConstructor = new Proxy(RealDate, {
  construct(target, args, newTarget) {
    const given = args.length === 0 && isShown() ? [present(shown!)] : args;
    return Reflect.construct(target, given, newTarget === simulatedDate ? target : newTarget) as object;
  },
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => name === "now" ? now : Reflect.get(target, name) as unknown,
});

/** The functions that tell the time. */
export function membersOfClocks(world: World): Member[] {
  const { process, Bun } = globalThis as unknown as { process?: { hrtime?: object }; Bun?: object };
  const members: Member[] = [
    { target: globalThis, name: "Date", value: simulatedDate },
    { target: RealDate.prototype, name: "constructor", value: simulatedDate },
    { target: performance, name: "now", value: () => monotonic(world) },
    { target: AbortSignal, name: "timeout", value: abortAfter(world) },
    { target: Intl.DateTimeFormat.prototype, name: "formatToParts", value: formatToPartsOf(world) },
    ...userTimingOf(world),
    ...temporalOf(world),
  ];
  const nanoseconds = (): number => Math.round(monotonic(world) * 1e6);
  if (process?.hrtime !== undefined) {
    members.push({ target: process.hrtime, name: "bigint", value: () => BigInt(nanoseconds()) });
    members.push({ target: process, name: "hrtime", value: hrtimeOf(nanoseconds) });
    members.push({ target: process, name: "uptime", value: () => monotonic(world) / 1000 });
  }
  if (Bun !== undefined) {
    const sleep = (time: number | Date): Promise<void> => {
      const delay = delayOf(world, time instanceof RealDate ? time.getTime() - present(world) : time);
      return new Promise((resolve) => world.loop.setTimer(resolve, delay, `Bun.sleep(${delay})`));
    };
    members.push({ target: Bun, name: "nanoseconds", value: nanoseconds }, {
      target: Bun,
      name: "sleep",
      value: sleep,
    });
    members.push({ target: Bun, name: "sleepSync", value: (ms: number) => world.loop.spin(ms) });
  }
  return members;
}

function hrtimeOf(nanoseconds: () => number): (since?: [number, number]) => [number, number] {
  return (since) => {
    const [seconds, rest] = [Math.floor(nanoseconds() / 1e9), nanoseconds() % 1e9];
    if (since === undefined) return [seconds, rest];
    const difference = rest - since[1];
    return [seconds - since[0] - (difference < 0 ? 1 : 0), difference < 0 ? difference + 1e9 : difference];
  };
}

/** `AbortSignal.timeout`. What is no ordinary delay the host looks at first: it may refuse it. */
function abortAfter(world: World): (ms: number) => AbortSignal {
  const own = AbortSignal.timeout;
  return (ms) => {
    if (!(Number.isInteger(ms) && ms >= 0 && ms <= longestDelay)) Reflect.apply(own, AbortSignal, [ms]);
    const controller = new AbortController();
    const reason = () => new DOMException("The operation was aborted due to timeout", "TimeoutError");
    const timer = world.loop.setTimer(
      () => controller.abort(reason()),
      delayOf(world, ms),
      `AbortSignal.timeout(${ms})`,
    );
    world.loop.timers.reference(timer, { referenced: false, wakes: true });
    return controller.signal;
  };
}

/** `performance.mark` and `performance.measure`: the host's own, with the present given. */
function userTimingOf(world: World): Member[] {
  const { mark, measure } = performance;
  if (mark === undefined || measure === undefined) return [];
  const markNow = (name: string, options?: PerformanceMarkOptions) =>
    mark.call(performance, name, { ...options, startTime: options?.startTime ?? monotonic(world) });
  const measureNow = (name: string, from?: string | PerformanceMeasureOptions, end?: string) => {
    if (end !== undefined) return Reflect.apply(measure, performance, [name, from, end]) as PerformanceMeasure;
    const options = typeof from === "string" ? { start: from } : { ...from };
    const isWhole = options.end !== undefined || (options.start !== undefined && options.duration !== undefined);
    return measure.call(performance, name, isWhole ? options : { ...options, end: monotonic(world) });
  };
  return [{ target: performance, name: "mark", value: markNow }, {
    target: performance,
    name: "measure",
    value: measureNow,
  }];
}

/** `format` of `Intl.DateTimeFormat`, a getter of a function that is bound to its formatter: without a date it formats the present. */
export function formatOf(world: World): (this: Intl.DateTimeFormat) => (date?: Date | number) => string {
  const own = ownFormat();
  const known = new WeakMap<Intl.DateTimeFormat, (date?: Date | number) => string>();
  return function format(this: Intl.DateTimeFormat) {
    const bound = own.call(this) as (date?: Date | number) => string;
    let found = known.get(this);
    if (found === undefined) {
      known.set(
        this,
        found = (date) => bound(date ?? (isActing() ? present(world) : undefined)),
      );
    }
    return found;
  };
}

/** The host's own getter: fakes of `Intl` have a prototype of their own, over the host's. */
function ownFormat(): () => unknown {
  let at: object | null = Intl.DateTimeFormat.prototype;
  while (at !== null && !Object.hasOwn(at, "format")) at = Object.getPrototypeOf(at) as object | null;
  return (at && Object.getOwnPropertyDescriptor(at, "format")?.get) ?? (() => undefined);
}

function formatToPartsOf(world: World): (this: Intl.DateTimeFormat, date?: Date | number) => unknown {
  const own = Intl.DateTimeFormat.prototype.formatToParts;
  return function formatToParts(this: Intl.DateTimeFormat, date?: Date | number) {
    return own.call(this, date ?? present(world));
  };
}

/** `event.timeStamp`: when an event was first looked at, which is in the macrotask it was made in. */
export function timeStampOf(world: World): (this: Event) => number {
  const times = new WeakMap<Event, number>();
  return function timeStamp(this: Event): number {
    let time = times.get(this);
    if (time === undefined) times.set(this, time = monotonic(world));
    return time;
  };
}

interface TemporalNow {
  instant(): { toZonedDateTimeISO(zone: string): Record<string, () => unknown> };
  timeZoneId(): string;
}

/** The functions of `Temporal.Now`, where the host has them. */
function temporalOf(world: World): Member[] {
  const { Temporal } = globalThis as unknown as {
    Temporal?: { Now: TemporalNow; Instant: { fromEpochMilliseconds(ms: number): ReturnType<TemporalNow["instant"]> } };
  };
  if (Temporal === undefined) return [];
  const instant = () => Temporal.Instant.fromEpochMilliseconds(present(world));
  const zoned = (zone: string = Temporal.Now.timeZoneId()) => instant().toZonedDateTimeISO(zone);
  const functions = {
    instant,
    zonedDateTimeISO: zoned,
    plainDateTimeISO: (zone?: string) => zoned(zone)["toPlainDateTime"]!(),
    plainDateISO: (zone?: string) => zoned(zone)["toPlainDate"]!(),
    plainTimeISO: (zone?: string) => zoned(zone)["toPlainTime"]!(),
  };
  return Object.entries(functions).map(([name, value]) => ({ target: Temporal.Now, name, value }));
}
