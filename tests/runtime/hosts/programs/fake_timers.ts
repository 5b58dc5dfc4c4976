/**
 * The kinds of fake timers there are, to be installed by programs: those of the libraries, and what is left of others in short.
 *
 * @module
 */

import process from "node:process";
import FakeTimers, { type Clock, type FakeMethod } from "@sinonjs/fake-timers";

/** Fake timers. */
export interface Fakes {
  install(): void;
  tick(ms: number): void;
  uninstall(): void;
  /** They have no clock: how late it is, only their timers tell. */
  readonly hasNoClock?: true;
}

/** All of sinon's, `queueMicrotask` and `process.nextTick` included, in this realm: as jest has them in its own. */
function sinon(toFake?: FakeMethod[]): Fakes {
  let clock: Clock;
  return {
    install: () => void (clock = FakeTimers.install(toFake && { toFake })),
    tick: (ms) => void clock.tick(ms),
    uninstall: () => clock.uninstall(),
  };
}

type Globals = Record<string, unknown>;

/** Functions in the place of the globals, which know nothing of `node:timers`. */
function replaced(mark: (fn: object) => object, withDate: boolean): Fakes {
  const global = globalThis as unknown as Globals;
  let now = 0;
  let timers: { id: number; at: number; callback: () => void }[] = [];
  let last = 0;
  const before: Globals = {};
  const own = Date;
  return {
    install() {
      now = 0;
      timers = [];
      const fakes: Globals = {
        setTimeout: mark((callback: () => void, delay: number) => {
          timers.push({ id: ++last, at: now + Math.floor(delay), callback });
          return last;
        }),
        clearTimeout: mark((id: number) => void (timers = timers.filter((timer) => timer.id !== id))),
      };
      if (withDate) {
        fakes["Date"] = class extends own {
          static override now(): number {
            return now;
          }
        };
      }
      for (const [name, value] of Object.entries(fakes)) {
        before[name] = global[name];
        global[name] = value;
      }
    },
    tick(ms) {
      const end = now + ms;
      for (;;) {
        timers.sort((a, b) => a.at - b.at);
        if (timers.length === 0 || timers[0]!.at > end) break;
        const { at, callback } = timers.shift()!;
        now = at;
        callback();
      }
      now = end;
    },
    uninstall: () => void Object.assign(global, before),
    ...(!withDate && { hasNoClock: true }),
  };
}

interface Mock {
  timers: { enable(options?: { apis: string[] }): void; tick(ms: number): void; reset(): void };
}

async function nodeTest(options?: { apis: string[] }): Promise<Fakes> {
  const { mock } = await import("node:test") as unknown as { mock: Mock };
  return {
    install: () => mock.timers.enable(options),
    tick: (ms) => mock.timers.tick(ms),
    uninstall: () => mock.timers.reset(),
    ...(options !== undefined && { hasNoClock: true }),
  };
}

/** The kinds, each made when it is asked for. */
export const kinds: Readonly<Record<string, () => Fakes | Promise<Fakes>>> = {
  "all of @sinonjs/fake-timers": () => sinon(),
  "what vitest fakes of them": () =>
    sinon(["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "Date", "performance"]),
  "their setTimeout alone": () => sinon(["setTimeout", "clearTimeout"]),
  "FakeTime of Deno's std": () => replaced((fn) => fn, true),
  "jest's legacy ones": () => replaced((fn) => Object.assign(fn, { _isMockFunction: true }), false),
  ...("Deno" in globalThis || process.versions["bun"] !== undefined ? {} : {
    "mock.timers of node:test": () => nodeTest(),
    "its setTimeout alone": () => nodeTest({ apis: ["setTimeout"] }),
  }),
};
