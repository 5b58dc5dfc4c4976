/**
 * One run of a body on a simulated loop.
 *
 * ```
 *   new ──> running ──the body has settled──> ending (what is ready runs out) ──> over
 *              │                                                                   ▲
 *              └── deadlock, livelock, an error nobody caught ─────────────────────┘
 * ```
 *
 * @module
 */

import { isThenable } from "../../basics/promises.ts";
import { now as realNow } from "../../hosts/common/timers.ts";
import { longestWait } from "../loop/in_flight.ts";
import { LeakError, LivelockError, placeOf, UnhandledRejectionError } from "../loop/errors.ts";
import { deadlockOf } from "./deadlock.ts";
import { isReady } from "../loop/quiet.ts";
import type { Session } from "./session.ts";
import type { RunHooks, RunSettings } from "./run_settings.ts";
import { BodySimulation, type Simulation } from "./simulation.ts";

export { identityOf, type PossibleFault, SeedPlan } from "../faults/plan.ts";

/** How a run ended. */
export type RunOutcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

const lastLabels = 64;

/** One run of a body. */
export class SimulatedRun<T> {
  outcome: RunOutcome<T> | undefined = undefined;
  /** The marks of `sometimes` that were come by, and whether their condition ever held. */
  readonly marks: Map<string, boolean> = new Map();
  readonly #session: Session;
  readonly #body: (sim: Simulation) => T | PromiseLike<T>;
  readonly #hooks: RunHooks;
  /**
   * Let go of at the end. Kept with the run, V8 takes to making parts of each run old from the start, whose garbage then holds everything
   * else of it until a full collection: a third of the time of long explorations went into moving that.
   */
  #settings: RunSettings | undefined;
  #state: "new" | "running" | "ending" = "new";
  #settled: RunOutcome<T> | undefined;
  #failure: { error: unknown } | undefined;
  #labels: string[] = [];
  #labelsSince = 0;

  constructor(
    session: Session,
    body: (sim: Simulation) => T | PromiseLike<T>,
    settings: RunSettings,
    hooks: RunHooks,
  ) {
    this.#session = session;
    this.#body = body;
    this.#settings = settings;
    this.#hooks = hooks;
  }

  /** Runs one macrotask; answers false when the run is over, and "later" where it waits for the real world. To be called in turns of their own. */
  turn(): boolean | "later" {
    // A module comes from the real world, and nothing of the simulated one happens meanwhile.
    if (this.#session.loading > 0) return "later";
    if (this.#state !== "new" && this.#failure === undefined && this.#session.parts.hasWork) return this.#takeWork();
    switch (this.#state) {
      case "new":
        this.#begin();
        return true;
      case "running":
        if (this.#failure !== undefined) return this.#end({ ok: false, error: this.#failure.error });
        if (this.#settled === undefined) return this.#step();
        if (!this.#settled.ok) return this.#end(this.#settled);
        this.#session.parts.endWithBody();
        this.#state = "ending";
        return this.#finish();
      case "ending":
        return this.#finish();
    }
  }

  #begin(): void {
    const session = this.#session;
    session.begin(this.#settings!);
    session.onFailed = (error) => void (this.#failure ??= { error });
    session.onUnhandled = (error) => {
      if (this.#isOfMachine(error)) return;
      this.#failure ??= { error: new UnhandledRejectionError(error, session.loop.lastLabel) };
    };
    session.onUncaught = (error) => {
      if (this.#isOfMachine(error)) return;
      this.#failure ??= { error };
    };
    this.#hooks.onBegin();
    this.#state = "running";
    let result: T | PromiseLike<T>;
    try {
      result = this.#body(new BodySimulation(session, this.marks, this.#hooks));
    } catch (error) {
      this.#settled = { ok: false, error };
      return;
    } finally {
      // A body that has made machines has marked its flow of control, which is this one too up to here.
      if (session.hasMachines) session.lives.enter(undefined);
    }
    if (!isThenable(result)) {
      this.#settled = { ok: true, value: result };
      return;
    }
    result.then(
      (value) => void (this.#settled = { ok: true, value }),
      (error) => void (this.#settled = { ok: false, error }),
    );
  }

  #takeWork(): true | "later" {
    const { loop, work } = this.#session;
    this.#session.idleSince = undefined;
    try {
      // Some functions of the host need immediates to come to their end.
      if (loop.stepImmediate()) return true;
      const done = work.next();
      if (done === undefined) return "later";
      loop.runFixed(done.label, done.come);
    } catch (error) {
      this.#failure = { error };
    }
    return true;
  }

  /** Is an error that nobody has caught that of a machine? Then it ends that. */
  #isOfMachine(error: unknown): boolean {
    const { parts } = this.#session;
    return parts.hasMachines && parts.machines.caught(error);
  }

  #step(): boolean | "later" {
    const { loop, parts } = this.#session;
    let ran: boolean;
    if (parts.hasMachines) parts.machines.looked(loop.owner);
    parts.look();
    if (this.#failure !== undefined) return true;
    try {
      if (parts.hasFlights && !isReady(loop)) {
        const { flights } = parts;
        const result = flights.next();
        if (result !== undefined) {
          loop.runFixed(result.label, result.come);
          this.#session.idleSince = undefined;
          return true;
        }
        if (flights.holds) return "later";
      }
      ran = loop.step();
    } catch (error) {
      if (!this.#isOfMachine(error)) this.#failure = { error };
      return true;
    }
    if (!ran) {
      if (this.#isWaiting()) return "later";
      // What real thing there is has had its time; another run need not wait for it again.
      this.#session.patience = 0;
      return this.#end({ ok: false, error: deadlockOf(this.#session, this.#hooks) });
    }
    this.#session.idleSince = undefined;
    const { maxSteps } = this.#settings!;
    if (loop.steps <= maxSteps - lastLabels) return true;
    if (this.#labels.length === 0) this.#labelsSince = loop.now;
    this.#labels.push(loop.lastLabel);
    if (loop.steps < maxSteps) return true;
    const passed = loop.now - this.#labelsSince;
    // It ends only when the microtasks of this step have run: they would go on in the real world.
    this.#failure = { error: new LivelockError(maxSteps, loop.now, passed, this.#labels) };
    return true;
  }

  /** Where real I/O is allowed, it may still come; and a module that the body imports, of which nobody tells. */
  #isWaiting(): boolean {
    const { settings: { allowRealIo }, patience } = this.#session;
    const now = realNow();
    if (this.#session.idleSince === undefined) {
      // Tasks that wait for one another nothing real can wake.
      if (!allowRealIo && this.#hooks.cycle().length > 0) return false;
      this.#session.idleSince = now;
    }
    return now - this.#session.idleSince < (allowRealIo ? longestWait : patience);
  }

  /** Does the run wait for something real that it does not know? */
  get isPatient(): boolean {
    return this.#session.idleSince !== undefined || this.#session.loading > 0 || this.#session.parts.hasOpenWork;
  }

  #finish(): boolean {
    if (this.#failure !== undefined) return this.#end({ ok: false, error: this.#failure.error });
    try {
      if (this.#session.loop.stepLeftOver()) return true;
    } catch (error) {
      return this.#end({ ok: false, error });
    }
    const leaks = this.#session.settings.ignoresLeaks ? [] : this.#leaks();
    return this.#end(leaks.length > 0 ? { ok: false, error: new LeakError(leaks) } : this.#settled!);
  }

  #leaks(): string[] {
    const { loop, parts: { left } } = this.#session;
    const tasks = this.#hooks.unfinished();
    const others = this.#hooks.left();
    const count = loop.timers.referenced + loop.arrivals.unfinishedCount + left.length;
    if (count + tasks.length + others.length === 0) return [];
    // Whoever began these was cancelled and no longer waits: they are not forgotten, but given up.
    const operations = loop.arrivals.unfinished.filter(({ scope }) =>
      scope === undefined || !this.#hooks.isCancelled(scope)
    );
    return [
      ...left,
      ...tasks.map((task) => `the task ${task}`),
      ...loop.timers.all().filter(({ referenced }) => referenced).map(({ label, deadline, place }) =>
        `the timer ${label}, due at ${deadline} ms${placeOf(place)}`
      ),
      ...others.map(({ what, place }) => `${what}${placeOf(place)}`),
      ...operations.map(({ label, place }) => `the operation ${label}, unfinished${placeOf(place)}`),
    ];
  }

  /** Ends it wherever it is; nobody waits for its outcome. */
  abandon(): void {
    if (this.#state !== "new") this.#leave();
  }

  #end(outcome: RunOutcome<T>): false {
    this.outcome = outcome;
    this.#leave();
    return false;
  }

  #leave(): void {
    this.#settings = undefined;
    this.#session.end();
  }
}
