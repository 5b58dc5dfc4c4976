/**
 * Several who are told of the turns of one loop.
 *
 * @module
 */

import type { TurnObserver } from "../../runtime/monitor/monitor.ts";
import type { Loop } from "../queue/loop.ts";

const observersOf = new WeakMap<Loop, readonly TurnObserver[]>();

/** From now on somebody is told of each turn of a loop, until the returned function is called. A second call of that does nothing. */
export function observeTurns(loop: Loop, observer: TurnObserver): () => void {
  setObservers(loop, [...observersOf.get(loop) ?? [], observer]);
  return () => setObservers(loop, observersOf.get(loop)!.filter((other) => other !== observer));
}

function setObservers(loop: Loop, observers: readonly TurnObserver[]): void {
  observersOf.set(loop, observers);
  loop.queue.observer = observers.length < 2 ? observers[0] : {
    began(runner, now) {
      for (const observer of observers) observer.began(runner, now);
    },
    ended(now, fresh) {
      for (const observer of observers) observer.ended(now, fresh);
    },
  };
}
