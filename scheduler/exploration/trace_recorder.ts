/**
 * Records a run, so that it can be told.
 *
 * ```
 *   the body begins ──> look ──> a macrotask begins (observe) ──what it prints, marks, asks for──> its microtasks have run: look ──┐
 *                         ▲                                                                                                      │
 *                         └──────────────────────────────────────────────────────────────────────────────────────────────────────┘
 * ```
 *
 * @module
 */

import type { Choose, Immediate, LoopEvent, Option } from "../../runtime/simulation/loop/loop_event.ts";
import type { RunWitness } from "../../runtime/simulation/run/session.ts";
import { show } from "../../runtime/basics/check.ts";
import { currentScope } from "../scopes/current_scope.ts";
import type { Entry } from "../queue/entry.ts";
import type { Scope } from "../scopes/scope.ts";
import { type FoundWait, pathWithoutNumbers, startsToCome, waits } from "./found_waits.ts";
import type { Chooser } from "./search/choosers.ts";
import type { Trace, TraceEntry, TraceKind, TraceWake } from "./search/trace.ts";
import type { Stage } from "./stage/stage.ts";

/** How many entries are kept: the last ones. */
const mostEntries = 1000;

/** How many names an entry has of what woke and of what was begun. */
const mostNames = 20;

/** An entry whose events are not named yet: only at the end it is known how many there are of one label. */
interface Draft {
  readonly time: number;
  readonly kind: TraceKind;
  readonly id: number;
  readonly label: string;
  readonly task: string | undefined;
  readonly text: string | undefined;
  readonly heldBack: boolean;
  /** Known when it has run: what comes to a machine begins as the world's. */
  machine: string | undefined;
  woke: readonly TraceWake[];
  began: readonly { readonly id: number; readonly label: string }[];
}

/** The record of one run. */
export class TraceRecorder implements RunWitness {
  /** The labels of all macrotasks that have run, by their numbers. */
  readonly ran: Map<number, string> = new Map();
  readonly choose: Choose;
  readonly #stage: Stage;
  readonly #chooser: Chooser;
  #drafts: Draft[] = [];
  #leftOut = 0;
  #hasBegun = false;
  /** The macrotask that runs, or has run last. */
  #current: Draft;
  /** The tasks that have asked for something, by its number. */
  readonly #askers: Map<number, string> = new Map();
  /** What was asked for since the last look. */
  #asked: Set<number> = new Set();
  #waits: ReadonlyMap<Entry, FoundWait> = new Map();

  constructor(stage: Stage, chooser: Chooser) {
    this.#stage = stage;
    this.#chooser = chooser;
    this.choose = (events) => {
      const index = chooser.choose(events);
      const event = events[index]!;
      if (index > 0 && event.kind === "option") this.#add("choice", { label: (event as Option).told });
      return index;
    };
    this.#current = this.#add("begin", { label: "the body" }, 0);
  }

  /** A macrotask begins. */
  readonly observe = (event: LoopEvent): void => {
    const { id, label, kind } = event;
    this.ran.set(id, label);
    const isTurn = kind === "immediate" && !(event as Immediate).own;
    const task = this.#askers.get(id);
    this.#askers.delete(id);
    this.#current = isTurn
      ? this.#add("turn", { label: "a turn" })
      : this.#add(kind as TraceKind, { id, label, task, heldBack: (this.#chooser.passed.get(id) ?? 0) > 0 });
  };

  /** Is to be called before each macrotask, when the microtasks of the one before have run. */
  readonly look = (): void => {
    // The first time nothing has run yet, and the loop is that of another run.
    if (!this.#hasBegun) return void (this.#hasBegun = true);
    const current = this.#current;
    current.machine = this.#stage.session.loop.owner?.name;
    if (this.#stage.isLoopUsed()) current.woke = this.#woken();
    if (this.#asked.size > 0) current.began = this.#begun();
    const isEmpty = current.kind === "turn" && current.woke.length + current.began.length === 0;
    if (isEmpty && this.#drafts.at(-1) === current) this.#drafts.pop();
  };

  asked(id: number): void {
    this.#asked.add(id);
    const task = this.#task();
    if (task !== undefined) this.#askers.set(id, task);
  }

  printed(method: string, text: string): void {
    this.#add("console", { label: method, text, task: this.#task() }).machine = this.#stage.session.life?.name;
  }

  marked(label: string): void {
    this.#add("mark", { label, task: this.#task() });
  }

  /** The run as it was, which has ended with an error; `name` gives events the names that they have in the schedule. */
  end(error: unknown, name: (id: number, label: string) => string): Trace {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : show(error);
    this.#add("end", { label: "the run fails", text: text.slice(0, 1000) });
    const last = this.#drafts.slice(-mostEntries);
    const entries = last.map((draft): TraceEntry => ({
      time: draft.time,
      kind: draft.kind,
      event: draft.id === 0 ? draft.label : name(draft.id, draft.label),
      ...draft.task !== undefined && { task: draft.task },
      ...draft.machine !== undefined && { machine: draft.machine },
      ...draft.text !== undefined && { text: draft.text },
      heldBack: draft.heldBack,
      woke: draft.woke,
      began: draft.began.map(({ id, label }) => name(id, label)),
    }));
    return { entries, leftOut: this.#leftOut + this.#drafts.length - last.length };
  }

  #add(
    kind: TraceKind,
    { id = 0, label, task, text, heldBack = false }: Partial<Draft> & Pick<Draft, "label">,
    time: number = this.#stage.session.loop.now,
  ): Draft {
    const draft: Draft = { time, kind, id, label, task, text, heldBack, machine: undefined, woke: [], began: [] };
    this.#drafts.push(draft);
    // In large parts: to move a thousand for each that comes takes longer than the run.
    if (this.#drafts.length >= 2 * mostEntries) {
      this.#drafts = this.#drafts.slice(mostEntries);
      this.#leftOut += mostEntries;
    }
    return draft;
  }

  /** The tasks that no longer wait for what they waited for at the last look. */
  #woken(): TraceWake[] {
    const before = this.#waits;
    const now = this.#waits = new Map([...startsToCome(), ...waits()].map((found) => [found.wait, found]));
    const woken = [...before.values()].filter(({ wait }) => !now.has(wait)).slice(0, mostNames);
    return woken.map(({ task, waitingFor }) => ({ task: withoutGroups(task) ?? "the body", waitedFor: waitingFor }));
  }

  /** What was asked for and is there. */
  #begun(): { id: number; label: string }[] {
    const asked = this.#asked;
    this.#asked = new Set();
    const { timers, arrivals } = this.#stage.session.loop;
    return [...timers.all(), ...arrivals.all].filter(({ id }) => asked.has(id)).sort((a, b) => a.id - b.id)
      .slice(0, mostNames).map(({ id, label }) => ({ id, label }));
  }

  #task(): string | undefined {
    const scope: Scope | undefined = this.#stage.isLoopUsed() ? currentScope() : undefined;
    return scope && withoutGroups(pathWithoutNumbers(scope));
  }
}

/** A path without the groups that have no name of their own. */
function withoutGroups(path: string): string | undefined {
  return path.split(" > ").filter((name) => name !== "group").join(" > ") || undefined;
}
