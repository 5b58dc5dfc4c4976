/**
 * `node:process` in a page, as far as portable tests use it: no variables of the environment, and the events of errors that nobody
 * handles, over those of the page.
 *
 * @module
 */

type Listener = (reason: unknown) => void;

const events: Record<string, string> = {
  unhandledRejection: "unhandledrejection",
  uncaughtException: "error",
  warning: "warning",
};
const listeners: Record<string, Set<Listener>> = {
  unhandledrejection: new Set(),
  error: new Set(),
  // A page never warns.
  warning: new Set(),
};

function setOf(name: string): Set<Listener> {
  const event = events[name];
  if (event === undefined) throw new TypeError(`A page has no event of the process named ${name}`);
  return listeners[event]!;
}

for (const [type, set] of Object.entries(listeners)) {
  globalThis.addEventListener?.(type, (event) => {
    if (set.size === 0) return;
    event.preventDefault();
    const { reason, error } = event as Event & { reason?: unknown; error?: unknown };
    for (const listener of [...set]) listener(type === "error" ? error : reason);
  });
}

/** Does a test listen for the errors that this event tells of? */
export function isHeeded(type: string): boolean {
  return (listeners[type]?.size ?? 0) > 0;
}

export default {
  env: {} as Record<string, string | undefined>,
  argv: [] as string[],
  platform: "browser",
  nextTick: undefined,
  on: (name: string, listener: Listener): void => void setOf(name).add(listener),
  off: (name: string, listener: Listener): void => void setOf(name).delete(listener),
  listeners: (name: string): Listener[] => [...setOf(name)],
};
