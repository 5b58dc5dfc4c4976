/**
 * What observers are told of waits.
 *
 * @module
 */

import { type LazyChannel, lazyChannel } from "../../runtime/system/diagnostics.ts";
import type { Scope } from "../scopes/scope.ts";
import type { Task } from "../scopes/task.ts";

/**
 * A wait of a task as those see it who subscribe to the channels `millrace.wait.start`, `millrace.wait.wake` and `millrace.wait.end` of
 * `node:diagnostics_channel`. The second is told by who lets the wait end, in that flow of control, where a turn of the waiting task
 * follows; a wait may end without it.
 */
export interface WaitTrace {
  /** The wait: the same object in all of its messages, and good for nothing else. */
  readonly wait: object;
  /** The task that waits; `undefined` outside any. */
  readonly task: Task<unknown> | undefined;
  /** What it waits for: the name of a task, or words such as "sleep". */
  readonly waitingFor: string;
}

/** A wait, as far as it is told of. */
interface ObservedWait {
  readonly parent: Scope | undefined;
  readonly what: string | Task<unknown> | undefined;
}

/** Where it is told that a wait has begun, that somebody has let it end, and that it has ended. */
export const began: LazyChannel = lazyChannel("millrace.wait.start");
export const woken: LazyChannel = lazyChannel("millrace.wait.wake");
export const ended: LazyChannel = lazyChannel("millrace.wait.end");

/** A class, because its fields are asked for by few. */
class Message implements WaitTrace {
  readonly wait: ObservedWait;

  constructor(wait: ObservedWait) {
    this.wait = wait;
  }

  get task(): Task<unknown> | undefined {
    return this.wait.parent?.owner?.handle;
  }

  get waitingFor(): string {
    const { what } = this.wait;
    return typeof what === "object" ? what.name : what ?? "something";
  }
}

/** Tells of a wait, if anybody listens. */
export function tell(channel: LazyChannel, wait: ObservedWait): void {
  if (channel().hasSubscribers) channel().publish(new Message(wait));
}
