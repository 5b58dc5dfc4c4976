/**
 * What observers are told of waits.
 *
 * @module
 */

import { type DiagnosticsChannel, openChannel } from "../../runtime/system/diagnostics.ts";
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
  /** What it waits for: a task, or words such as "sleep"; `undefined` where that is not known. */
  readonly waitingFor: string | Task<unknown> | undefined;
}

/** A wait, as far as it is told of. */
interface ObservedWait {
  readonly parent: Scope | undefined;
  readonly what: string | Task<unknown> | undefined;
}

/** Each opened when first used. Plain variables: what nobody listens to is to cost nothing, and the check is made for each wait. */
let began: DiagnosticsChannel | undefined;
let woken: DiagnosticsChannel | undefined;
let ended: DiagnosticsChannel | undefined;

function messageOf(wait: ObservedWait): WaitTrace {
  return { wait, task: wait.parent?.owner?.handle, waitingFor: wait.what };
}

/** A wait has begun. */
export function tellWaits(wait: ObservedWait): void {
  if ((began ??= openChannel("wait.start")).hasSubscribers) began.publish(messageOf(wait));
}

/** Somebody has let a wait end. */
export function tellWoken(wait: ObservedWait): void {
  if ((woken ??= openChannel("wait.wake")).hasSubscribers) woken.publish(messageOf(wait));
}

/** A wait has ended. */
export function tellWaited(wait: ObservedWait): void {
  if ((ended ??= openChannel("wait.end")).hasSubscribers) ended.publish(messageOf(wait));
}
