/**
 * What the streams and subjects of a pool are called.
 *
 * @module
 */

import { type JobPriority, priorities } from "../engine/engine.ts";

/** The name of a pool's stream. */
export function streamOf(pool: string): string {
  return `MILLRACE_${pool}`;
}

/** Where a job is published. */
export function taskSubject(pool: string, priority: JobPriority, name: string): string {
  return `millrace.${pool}.task.${priority}.${name}`;
}

/** The priority and the name in the subject of a job; `undefined` for one of nobody's. */
export function readSubject(subject: string): { readonly priority: JobPriority; readonly name: string } | undefined {
  const [, , , priority, name] = subject.split(".");
  if (name === undefined || !priorities.includes(priority as JobPriority)) return undefined;
  return { priority: priority as JobPriority, name };
}
