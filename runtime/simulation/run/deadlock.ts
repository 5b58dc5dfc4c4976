/**
 * What can be told of a body that nothing wakes any more.
 *
 * @module
 */

import { DeadlockError, placeOf } from "../loop/errors.ts";
import type { SimulatedLoop } from "../loop/loop.ts";
import type { Session } from "./session.ts";
import type { RunHooks } from "./run_settings.ts";

/** The error of a run in which nothing is left that could come. */
export function deadlockOf(session: Session, hooks: RunHooks): DeadlockError {
  const { loop } = session;
  return new DeadlockError({
    tasks: hooks.unfinished(),
    cycle: hooks.cycle(),
    time: loop.now,
    lastEvent: lastEventOf(loop),
    wakers: wakersOf(session, hooks),
  });
}

function lastEventOf({ last, lastAt }: SimulatedLoop): string {
  if (last === undefined) return "none has come since the body began";
  const { place } = last as { place?: Error | undefined };
  return `${last.label}, at ${lastAt} ms${placeOf(place)}`;
}

/** What could have woken the body, each with the reason why it does not. */
function wakersOf(session: Session, hooks: RunHooks): string[] {
  const { loop, network, workers } = session;
  const found: string[] = [];
  for (const { name, state } of session.allMachines) {
    const why = state === "running" ? "which runs, and has nothing to do" : `which is ${state}`;
    found.push(`the machine ${name}, ${why}`);
  }
  const waiting = network.betweenMachines?.paths.waiting ?? 0;
  if (waiting > 0) found.push(`ways between machines that are cut: ${waiting} packets wait for them`);
  if (network.isPartitioned) {
    found.push(`the network, which is parted until heal() is called: ${network.waiting} passages wait for it`);
  }
  for (const left of network.left) found.push(`${left}: nothing is on its way to it`);
  for (const { name, place } of workers.left) found.push(`${name}, which has no work${placeOf(place)}`);
  for (const { label, wakes, place } of loop.timers.all()) {
    if (!wakes) found.push(`the timer ${label}, which only watches${placeOf(place)}`);
  }
  const { takenBack } = loop;
  if (takenBack !== undefined) {
    found.push(`the timer ${takenBack.label}, which was taken back before it was due${placeOf(takenBack.place)}`);
  }
  if (hooks.isWaitedFor()) {
    found.push(
      "a simulation that was begun meanwhile, which waits for this one: none can begin in the body of another",
    );
  }
  return found;
}
