/**
 * How groups and tasks can be made.
 *
 * @module
 */

import { checkCount, checkDuration, checkName, checkOptions } from "../../runtime/basics/check.ts";
import { checkPriority, laneOf, type Priority } from "../queue/priority.ts";
import { currentScope } from "../scopes/current_scope.ts";
import { checkSignal } from "../scopes/foreign_signal.ts";

/** How a group is to be. */
export interface GroupOptions {
  /** A name for messages and the task tree. Default: none. */
  name?: string;
  /** Cancels the group when aborted; `group` then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /** Cancels the group after so many ms; `group` then rejects with `TimeoutError`. Default: never. */
  timeout?: number;
  /**
   * How long the group may take to end once it is cancelled, or its deferred functions once they begin, in ms; then it rejects with
   * `TeardownError`. Default: `Infinity`; then the tasks it waits for are reported to `onUnhandled` after 10 s, 20 s more, and so on.
   */
  teardownTimeout?: number;
  /** How many tasks run at once, daemons included; further ones wait, the most urgent first, then in the order of
   * their spawning. Default: no limit. */
  limit?: number;
  /** The priority of the group's tasks. Default: that of the current task, else "user-visible". */
  priority?: Priority;
}

/** How a task is to be. */
export interface SpawnOptions {
  /** A name for messages and the task tree. Default: that of the function. */
  name?: string;
  /** The priority of the task's turns. Default: that of the group. */
  priority?: Priority;
  /** A daemon does not keep its group open: it is cancelled when all other tasks have ended. Default: false. */
  daemon?: boolean;
}

/** The names of the options of a task. */
export const spawnOptions: readonly (keyof SpawnOptions)[] = ["name", "priority", "daemon"];

/** What a group is made with; checked already. */
export interface GroupSettings {
  name: string | undefined;
  signal: AbortSignal | undefined;
  timeout: number | undefined;
  teardownTimeout: number;
  limit: number;
  lane: number;
}

/** The names of the options that all kinds of groups have. */
export const groupOptions: readonly (keyof GroupOptions)[] = [
  "name",
  "signal",
  "timeout",
  "teardownTimeout",
  "limit",
  "priority",
];

/** Checks the options of a group, or of what is one, and fills in the defaults. */
export function checkGroupOptions(
  options: GroupOptions,
  what: string = "a group",
  known: readonly string[] = groupOptions,
): GroupSettings {
  checkOptions(options, what, known);
  const { name, signal, timeout, teardownTimeout = Infinity, limit = Infinity, priority } = options;
  checkName(name);
  checkSignal(signal);
  if (timeout !== undefined) checkDuration(timeout, "The timeout of a group");
  checkDuration(teardownTimeout, "The teardownTimeout of a group");
  checkCount(limit, "The limit of a group", 1);
  checkPriority(priority);
  const lane = priority === undefined ? currentScope()?.owner?.lane ?? laneOf("user-visible") : laneOf(priority);
  return { name, signal, timeout, teardownTimeout, limit, lane };
}
