/**
 * What is recorded while somebody looks, and at no other time.
 *
 * @module
 */

import { type LongTurn, LoopRecorder, type TurnObserver, type TurnRunner } from "../../runtime/monitor/monitor.ts";
import { openChannel } from "../../runtime/system/diagnostics.ts";
import { observeTurns } from "../../scheduler/inspection/turn_observers.ts";
import { type Loop, loop } from "../../scheduler/queue/loop.ts";
import { type Priority, priorityOf } from "../../scheduler/queue/priority.ts";
import { laneIn } from "../../scheduler/scopes/current_scope.ts";
import { Member } from "../../scheduler/scopes/scope.ts";
import { wanted } from "../../scheduler/tasks/places.ts";
import type { WaitTrace } from "../../scheduler/waits/mod.ts";
import type { AnyWait } from "../../scheduler/waits/wait.ts";
import type { LoopFigures } from "./protocol.ts";

/** How often the delay of the loop is measured, in ms, and from how many ms on a turn is long. */
const resolution = 50;
const longTurn = 50;

/** Of how many tasks the place is remembered between two looks. */
const places = 50;

/** How many long turns are told. */
const mostLongTurns = 32;

/** Records how the loop does, since when tasks wait, and where they were spawned. */
export class Watch {
  readonly #loop: Loop = loop();
  readonly #recorder: LoopRecorder;
  readonly #busy = new BusyMeter();
  readonly #leave: (() => void)[] = [];
  readonly #longTurns: LongTurn[] = [];
  #slicesBefore: number;

  /** Begins; what `isHidden` says of who ran is not told. */
  constructor(isHidden: (who: string) => boolean) {
    const { host, queue } = this.#loop;
    this.#slicesBefore = queue.slices;
    const onLongTurn = (turn: LongTurn): void => {
      if (isHidden(turn.who)) return;
      this.#longTurns.unshift(turn);
      this.#longTurns.splice(mostLongTurns);
    };
    this.#recorder = new LoopRecorder(host, { resolution, longTurn, onLongTurn, onSign: undefined });
    const began = openChannel("wait.start");
    const stamp = (message: unknown): void => {
      // The time of a wait has a place in it, which is empty until its turn is asked for.
      ((message as WaitTrace).wait as AnyWait<unknown>).stamp = queue.stampNow();
    };
    began.subscribe(stamp);
    this.wantPlaces();
    this.#leave.push(
      () => began.unsubscribe(stamp),
      observeTurns(this.#loop, this.#recorder),
      observeTurns(this.#loop, this.#busy),
      () => void (wanted.places === Infinity || (wanted.places = 0)),
      () => this.#recorder.close(),
    );
  }

  /** For how long a task has waited for what it waits for, in ms; `null` where that began before somebody looked, and of others. */
  since(waits: readonly AnyWait<unknown>[]): number | null {
    if (waits.length === 0 || waits.some(({ stamp }) => stamp === 0)) return null;
    const now = this.#loop.queue.stampNow();
    return Math.max(...waits.map(({ stamp }) => now - stamp));
  }

  /** Has the places of further tasks remembered, so many until the next call: each costs as much as the task. */
  wantPlaces(): void {
    wanted.places = Math.max(wanted.places, places);
  }

  /** The figures since the last call. */
  figures(): LoopFigures {
    const { host, queue } = this.#loop;
    const { elapsed, delay, turns, slices, utilization } = this.#recorder.snapshot(queue.slices - this.#slicesBefore);
    this.#recorder.reset();
    this.#slicesBefore = queue.slices;
    const now = host.now();
    return {
      elapsed,
      delay: { p50: delay.p50, p99: delay.p99, max: delay.max },
      turns,
      slices,
      utilization,
      busy: this.#busy.take(),
      longTurns: this.#longTurns.map(({ who, duration, at }) => ({ who, duration, ago: now - at })),
    };
  }

  /** Ends. */
  close(): void {
    for (const leave of this.#leave.splice(0)) leave();
  }
}

/** Adds up for how long turns of each priority ran. */
class BusyMeter implements TurnObserver {
  #busy: Record<Priority, number> = idle();
  #began: number | undefined = undefined;
  #lane = 0;

  began(runner: TurnRunner, now: number): void {
    this.#began = now;
    this.#lane = laneOfRunner(runner);
  }

  ended(now: number): void {
    if (this.#began === undefined) return;
    this.#busy[priorityOf(this.#lane)] += now - this.#began;
    this.#began = undefined;
  }

  /** What was added up since the last call, in ms. */
  take(): Record<Priority, number> {
    const busy = this.#busy;
    this.#busy = idle();
    return busy;
  }
}

/** The lane of what runs: its own, or that of the task that goes on. */
function laneOfRunner(runner: TurnRunner): number {
  const { lane } = runner as { lane?: number };
  return lane ?? laneIn(runner instanceof Member ? runner.parent : undefined);
}

function idle(): Record<Priority, number> {
  return { "background": 0, "user-visible": 0, "user-blocking": 0 };
}
