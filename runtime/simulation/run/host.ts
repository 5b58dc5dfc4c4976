/**
 * The host over a simulated loop: Millrace itself runs on it unchanged.
 *
 * @module
 */

import { networkOf } from "../../host_network.ts";
import { threadsOf } from "../../host_threads.ts";
import type { ContextSlot, Host, HostTimer, Turns } from "../../port/host.ts";
import type { Life } from "../machines/life.ts";
import type { StartWorker } from "../workers/workers.ts";
import type { Session } from "./session.ts";

/** The host of the runs of a session; what a simulation has no share in is the real host's. */
export function simulatedHost(session: Session, real: Host, start: StartWorker): Host {
  const context: ContextSlot = real.openContext();
  function refuse(what: string): never {
    throw new Error(`A simulation cannot ${what}`);
  }
  return {
    ...real,
    ...(session.settings.isBrowser && pageCallbacks(session)),
    name: "simulation",
    now: () => session.hostNow(),
    openTurns: (onTurn) => openTurns(session, onTurn),
    setTimer: (callback, delay) => setTimer(session, callback, delay),
    fakes: () => undefined,
    openContext: () => context,
    // The simulation knows itself what is still to come.
    keepAlive: () => () => {},
    onSignal: (signal, listener) => session.life?.on(signal, listener) ?? (() => {}),
    // Through the console, where what a body says a thousand times over is held back.
    report: (error) => console.error(error),
    raise: () => {},
    exit(code) {
      return session.life?.exit(code) ?? refuse(`end the process: exit was called with ${code}`);
    },
    setExitCode(code) {
      if (session.life !== undefined) session.life.exitCode = code;
    },
    // The same on every machine, so that a schedule found on one is found again on another.
    parallelism: () => 4,
    threads: {
      ...threadsOf(real),
      spawn: (module, options) =>
        typeof module === "function"
          ? refuse("run a thread that the program starts itself: give the pool the URL of the module")
          : session.workers.spawn(options, { world: session, start }),
    },
    network: {
      listenHttp: (options) => session.network.listen(options),
      // Real I/O, where it is allowed, is all real, but for the programs of machines: those have other names and ports.
      net: () => session.settings.allowRealIo && session.life === undefined ? networkOf(real).net() : session.network,
      station: (name, make) => session.network.station(name, make),
    },
  };
}

/** The host of a life of a machine: what is asked of it is the life's, whoever asks. */
export function hostOfLife(session: Session, host: Host, life: Life): Host {
  const asLife = <R>(fn: () => R): R => session.loop.as(life, fn);
  return {
    ...host,
    now: () => life.machine.clock.monotonic(session.loop.now, life.since),
    openTurns(onTurn) {
      const turns = openTurns(session, (fresh) => session.machines.enter(life, () => onTurn(fresh)));
      return {
        request: () => asLife(() => turns.request()),
        requestAfterPoll: () => asLife(() => turns.requestAfterPoll()),
      };
    },
    setTimer: (callback, delay) => asLife(() => host.setTimer(() => session.machines.enter(life, callback), delay)),
  };
}

/** `Host.requestFrame` and `Host.requestIdle` of a page. */
function pageCallbacks({ frames }: Session): Required<Pick<Host, "requestFrame" | "requestIdle">> {
  return {
    requestFrame(callback) {
      const handle = frames.requestAnimationFrame(callback);
      return () => frames.cancelAnimationFrame(handle);
    },
    requestIdle(callback) {
      const handle = frames.requestIdleCallback(callback);
      return () => frames.cancelIdleCallback(handle);
    },
  };
}

/** Turns in batches, as a host gives them; each batch is a new slice, because no time passes in it. */
function openTurns(session: Session, onTurn: (fresh: boolean) => void): Turns {
  let even = true;
  function request(): void {
    const isEven = even;
    session.loop.callSoon(() => {
      const fresh = isEven === even;
      even = !isEven;
      onTurn(fresh);
    });
  }
  return { request, requestAfterPoll: request };
}

function setTimer(session: Session, callback: () => void, delay: number): HostTimer {
  const { loop } = session;
  const timer = loop.setTimer(callback, Math.max(session.settings.shortestDelay, Math.trunc(delay)), `sleep(${delay})`);
  return {
    ref: () => loop.timers.reference(timer, { referenced: true, wakes: true }),
    // What watches a group, or waits for nothing in particular, is no reason for the clock to go on.
    unref: () => loop.timers.reference(timer, { referenced: false, wakes: false }),
    cancel: () => loop.clearTimer(timer),
  };
}
