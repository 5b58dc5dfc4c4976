/**
 * What a page sends, read with the care that strangers need.
 *
 * @module
 */

import type { Priority } from "../../scheduler/queue/priority.ts";
import { type Command, longestSearch, mostRows, type View } from "./protocol.ts";

/** A view; `undefined` for what is none. */
export function readView(value: unknown): View | undefined {
  if (!isRecord(value)) return undefined;
  const { client, open, group, search, offset } = value;
  if (!isCount(client) || !Array.isArray(open) || open.length > mostRows || !open.every(isCount)) return undefined;
  if (group !== null && !isCount(group)) return undefined;
  if (typeof search !== "string" || search.length > longestSearch || !isCount(offset)) return undefined;
  return { client, open, group, search, offset };
}

const priorities: readonly unknown[] = ["background", "user-visible", "user-blocking"] satisfies Priority[];

/** A command; `undefined` for what is none. */
export function readCommand(value: unknown): Command | undefined {
  if (!isRecord(value)) return undefined;
  const { task, server, priority } = value;
  if (value["do"] === "cancel" && isCount(task)) return { do: "cancel", task };
  if (value["do"] === "drain" && isCount(server)) return { do: "drain", server };
  if (value["do"] !== "priority" || !isCount(task) || !priorities.includes(priority)) return undefined;
  return { do: "priority", task, priority: priority as Priority };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
