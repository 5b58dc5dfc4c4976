/** The channels, and whether anybody listens to them. */

import diagnostics from "node:diagnostics_channel";

const names = ["task.spawn", "task.start", "task.end", "wait.start", "wait.wake", "wait.end", "turn.long"]
  .concat(["call.start", "call.end", "worker.start", "worker.end", "request.start", "request.error", "request.end"]);

/** Those that somebody listens to. */
export function listenedTo(): string[] {
  return names.filter((name) => diagnostics.channel(`millrace.${name}`).hasSubscribers);
}
