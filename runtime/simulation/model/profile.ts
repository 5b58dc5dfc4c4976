/**
 * The ordering rules of each host's loop, as data. Each is a fact that was read in the host's source or seen on it; the versions
 * are those it was seen on.
 *
 * @module
 */

/** Which host's ordering rules a simulated loop follows. */
export type ProfileName = "node" | "node18" | "deno" | "bun" | "browser";

/** The ordering rules of one host. */
export interface Profile {
  readonly name: ProfileName;
  /** What one iteration of the loop does, in order; the main script comes before the first of them. */
  readonly phases: readonly Phase[];
  /**
   * `"lists"`: a list per duration; of the list that is due first all due timers run before another list is looked at, so
   * that a later deadline can come first. `"deadline"`: by deadline, then by the order of setting.
   */
  readonly timers: "lists" | "deadline";
  /** Does a timer that became due in the last drain of a timers phase still run in that phase? */
  readonly timersAgain: "never" | "maybe" | "always";
  /**
   * For how many ms after a timers phase that leaves timers behind the next one may find none, because the host's own timer is
   * armed anew for 1 ms at least.
   */
  readonly rearming: number;
  /** How many steps a millisecond has on the clock that timers are compared on. */
  readonly clockSteps: number;
  /** Can a timer that has fired not be refreshed any more once it is cleared? On Deno that holds in its own callback alone. */
  readonly clearsFired: boolean;
  /** The shortest delay of a timer, in ms. */
  readonly shortestDelay: number;
  /**
   * `"poll"`: in the poll phase after all I/O. `"tasks"`: in one queue with I/O, those sent meanwhile too. `"between"`: in
   * batches, after the poll phase, after the check phase, or in the microtasks of the sender. `"any"`: at any time, each port for itself.
   */
  readonly messages: "poll" | "tasks" | "between" | "any";
  /** `"each"`: ticks and microtasks run between two completions. `"batch"`: completions of one iteration are microtasks. */
  readonly completions: "each" | "batch";
  /**
   * `"last-first"`: a phase of its own, the handle closed last first. `"batch"`: a phase of its own, in order, microtasks only
   * after all of them, and ticks only with those of the callback that comes next. `"immediate"`: as if by an immediate.
   */
  readonly closing: "last-first" | "batch" | "immediate" | "none";
  /** Are there ticks and immediates (servers), or animation frames (browsers)? */
  readonly kind: "server" | "browser";
}

/** A part of an iteration of the loop. */
export type Phase = "timers" | "poll" | "check" | "close";

const node: Profile = {
  name: "node",
  // libuv 1.45 (Node 20) moved timers to the end of an iteration and runs them once before the first: the same cycle.
  phases: ["timers", "poll", "check", "close"],
  // lib/internal/timers.js.
  timers: "lists",
  // libuv 1.48 moves due timers to a list of their own first. Node 20 has 1.46, Node 26 has 1.52.
  timersAgain: "maybe",
  // RunTimers in src/env.cc; by the loop's time as it was last read.
  rearming: 0,
  // The time of libuv's loop is in whole milliseconds.
  clockSteps: 1,
  clearsFired: true,
  shortestDelay: 1,
  // Threads and ports wake the loop through one descriptor; it tells them in the order in which they were opened, the
  // pool of threads first.
  messages: "poll",
  completions: "each",
  // libuv pushes a closing handle to the front of a list.
  closing: "last-first",
  kind: "server",
};

const profiles: Readonly<Record<ProfileName, Profile>> = {
  node,
  node18: { ...node, name: "node18", timersAgain: "always" },
  deno: {
    ...node,
    name: "deno",
    // Deno 2.9: its timers are a port of Node's list by list, called once an iteration.
    timersAgain: "never",
    // It clears by a number, which it has forgotten by then.
    clearsFired: false,
    // Armed after the callbacks, and rounded up to the next millisecond.
    rearming: 1,
    // A port is an operation that resolves a promise for each message; if the message is there when the port is first looked
    // at, it does so in the microtasks of the sender.
    messages: "between",
    // Operations resolve their promises in one batch after the timers, with one drain.
    completions: "batch",
    closing: "batch",
  },
  bun: {
    ...node,
    name: "bun",
    // Bun 1.4: a heap of timers, in nanoseconds.
    timers: "deadline",
    clockSteps: 1000,
    timersAgain: "never",
    messages: "tasks",
    closing: "immediate",
  },
  browser: {
    name: "browser",
    phases: [],
    timers: "deadline",
    timersAgain: "never",
    rearming: 0,
    clockSteps: 1000,
    clearsFired: true,
    // Newer browsers; older ones have 1, and the model tries both.
    shortestDelay: 0,
    messages: "any",
    completions: "each",
    closing: "none",
    kind: "browser",
  },
};

/** The rules of a host by its name. */
export function profileOf(name: ProfileName): Profile {
  if (typeof name === "string" && Object.hasOwn(profiles, name)) return profiles[name];
  throw new TypeError(
    `A profile is ${Object.keys(profiles).map((each) => `"${each}"`).join(", ")}: received ${String(name)}`,
  );
}
