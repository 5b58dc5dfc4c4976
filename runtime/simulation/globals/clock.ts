/**
 * The functions that tell the time, on the clock of a simulation.
 *
 * @module
 */

import type { World } from "../loop/world.ts";

const RealDate = Date;

/** `Date`, whose present is the simulation's; points in time that are given are as ever. */
export function dateOf(world: World): DateConstructor {
  const now = (): number => Math.floor(world.wall + world.loop.now);
  const date: DateConstructor = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget === date ? target : newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, name) => name === "now" ? now : Reflect.get(target, name),
  });
  return date;
}

/** The other functions that tell the time. */
export function simulatedClock(world: World): {
  now(): number;
  hrtime: object;
  abortAfter(ms: number): AbortSignal;
} {
  const hrtime = (since?: [number, number]): [number, number] => {
    const nanoseconds = Math.round(world.loop.now * 1e6);
    const [seconds, rest] = [Math.floor(nanoseconds / 1e9), nanoseconds % 1e9];
    if (since === undefined) return [seconds, rest];
    const difference = rest - since[1];
    return [seconds - since[0] - (difference < 0 ? 1 : 0), difference < 0 ? difference + 1e9 : difference];
  };
  return {
    now: () => world.loop.now,
    hrtime: Object.assign(hrtime, { bigint: () => BigInt(Math.round(world.loop.now * 1e6)) }),
    abortAfter(ms) {
      const controller = new AbortController();
      const reason = () => new DOMException("The operation was aborted due to timeout", "TimeoutError");
      const timer = world.loop.setTimer(
        () => controller.abort(reason()),
        Math.max(world.settings.shortestDelay, Math.trunc(ms)),
        `AbortSignal.timeout(${ms})`,
      );
      world.loop.timers.reference(timer, { referenced: false, wakes: true });
      return controller.signal;
    },
  };
}

/** `event.timeStamp`: when an event was first looked at, which is in the macrotask it was made in. */
export function timeStampOf(world: World): (this: Event) => number {
  const times = new WeakMap<Event, number>();
  return function timeStamp(this: Event): number {
    let time = times.get(this);
    if (time === undefined) times.set(this, time = world.loop.now);
    return time;
  };
}

interface TemporalNow {
  instant(): { toZonedDateTimeISO(zone: string): Record<string, () => unknown> };
  timeZoneId(): string;
}

/** The functions of `Temporal.Now`, where the host has them. */
export function temporalOf(world: World): { target: object; functions: Record<string, unknown> } | undefined {
  const { Temporal } = globalThis as unknown as {
    Temporal?: { Now: TemporalNow; Instant: { fromEpochMilliseconds(ms: number): ReturnType<TemporalNow["instant"]> } };
  };
  if (Temporal === undefined) return undefined;
  const instant = () => Temporal.Instant.fromEpochMilliseconds(Math.floor(world.wall + world.loop.now));
  const zoned = (zone: string = Temporal.Now.timeZoneId()) => instant().toZonedDateTimeISO(zone);
  return {
    target: Temporal.Now,
    functions: {
      instant,
      zonedDateTimeISO: zoned,
      plainDateTimeISO: (zone?: string) => zoned(zone)["toPlainDateTime"]!(),
      plainDateISO: (zone?: string) => zoned(zone)["toPlainDate"]!(),
      plainTimeISO: (zone?: string) => zoned(zone)["toPlainTime"]!(),
    },
  };
}
