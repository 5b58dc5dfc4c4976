/**
 * The machinery of a task.
 *
 * ```
 *            its turn            fn returns                          ┌─> fulfilled
 *   queued ───────────> running ────────────────────────────────────┼─> rejected    (fn throws an error of its own)
 *     │                   │                                          │
 *     │ cancel            │ cancel                                   │
 *     │                   └──────> cancelling ──fn ends──────────────┴─> cancelled   (a checkpoint had thrown)
 *     └────────────────────────────────────────────────────────────────> cancelled   (fn never starts)
 * ```
 *
 * Order at the end: scopes left open inside are closed; the state changes; observers are told; awaiters and `result` settle;
 * the group is told.
 *
 * @module
 */

import { awaited, isHostPromise, react } from "../../runtime/basics/promises.ts";
import { type Loop, loop } from "../queue/loop.ts";
import { type Priority, priorityOf } from "../queue/priority.ts";
import { currentScope, isCancelled, laneIn } from "../scopes/current_scope.ts";
import { StructureError, TaskCancelledError } from "../scopes/errors.ts";
import { cancellationIn, toCaller } from "../scopes/exit.ts";
import { type Owner, pathOf, Scope, type WaitingTurn } from "../scopes/scope.ts";
import { makeTask, type Task, type TaskCore, type TaskState } from "../scopes/task.ts";
import { moveQueued } from "../waits/inheritance.ts";
import { answerIn, Wait } from "../waits/wait.ts";
import { whyNever } from "../waits/wait_cycle.ts";
import { callTold, isStartTold, tellEnded } from "./task_trace.ts";

/** The number of the task made last. */
let lastId = 0;

/** A number that no other task has. */
export function nextTaskId(): number {
  return ++lastId;
}

/** Those who await a task. */
class Audience {
  readonly joiners: Set<Wait<unknown>> = new Set();
  /** Made when first read. */
  result: Promise<unknown> | undefined = undefined;
  settle: (() => void) | undefined = undefined;
}

/** What a task does when its function's promise settles. */
interface Reactions {
  fulfilled(value: unknown): void;
  rejected(error: unknown): void;
}

let makeReactions: (loop: Loop) => Reactions;
let reactionsOf: { loop: Loop; reactions: Reactions } | undefined;

/** The reactions for the loop in use. */
function reactions(): Reactions {
  const current = loop();
  if (reactionsOf?.loop !== current) reactionsOf = { loop: current, reactions: makeReactions(current) };
  return reactionsOf.reactions;
}

/** The function of a task. */
export type TaskBody = (task: Task<unknown>) => unknown;

/** How a task is to be. */
export interface TaskSettings {
  readonly name?: string | undefined;
  /** The lane of its priority. */
  readonly lane: number;
  /** Is it cancelled when all other tasks of its group have ended? */
  readonly daemon?: boolean | undefined;
  /** Does it take no slot of its group's limit? */
  readonly unlimited?: boolean;
}

/** What a task asks of the group that owns it. */
export interface TaskParent extends Scope {
  /** Does a task wait for a slot? */
  isPending(task: TaskNode): boolean;
  /** Takes a task that has not started out of wherever it waits. */
  unqueue(task: TaskNode): void;
  /** A task that has not started is in another lane now. */
  relaned(task: TaskNode): void;
  /** A task has ended, started or not. */
  childEnded(task: TaskNode): void;
}

/** A task, as its group sees it. */
export class TaskNode extends Scope implements Owner, TaskCore {
  readonly id: number = nextTaskId();
  readonly handle: Task<unknown>;
  lane: number;
  /** Whoever changes it calls `relane`. */
  baseLane: number;
  turns: WaitingTurn | undefined = undefined;
  /** A daemon is cancelled when all other tasks of its group have ended. */
  readonly daemon: boolean;
  /** Does the task hold a slot of its group's limit? Owned by the group. */
  holdsSlot = false;
  /** A checkpoint has thrown the task's cancellation: what it returns from then on does not count. */
  delivered = false;
  #state: "queued" | "running" | "fulfilled" | "rejected" | "cancelled" = "queued";
  readonly #fn: TaskBody;
  readonly #name: string | undefined;
  /**
   * One field for two things that are never there at once, because 100,000 tasks may be: while the task is queued the flow of control
   * that spawned it, and once it has ended its outcome.
   */
  #content: unknown = undefined;
  /** Present once somebody has awaited the task. */
  #audience: Audience | undefined = undefined;

  constructor(group: TaskParent, fn: TaskBody, settings: TaskSettings) {
    super(group);
    this.owner = this;
    this.#fn = fn;
    this.#name = settings.name;
    this.baseLane = settings.lane;
    this.lane = laneIn(group, settings.lane);
    this.daemon = settings.daemon === true;
    this.handle = makeTask(this);
  }

  override get isTask(): boolean {
    return true;
  }

  get #group(): TaskParent {
    return this.parent as TaskParent;
  }

  /** The name without the number. */
  get label(): string {
    return this.#name ?? (this.#fn.name || "task");
  }

  get name(): string {
    return `${this.label}#${this.id}`;
  }

  override get runningCode(): string {
    return this.name;
  }

  override describe(): string {
    return `task ${pathOf(this)}`;
  }

  get priority(): Priority {
    return priorityOf(this.lane);
  }

  /** Does the task wait for a slot of its group, or for its first turn? */
  get waitsToStart(): "a slot of its group" | "its first turn" | undefined {
    if (this.#state !== "queued") return undefined;
    return this.#group.isPending(this) ? "a slot of its group" : "its first turn";
  }

  get state(): TaskState {
    return !this.ended && this.effective !== undefined ? "cancelling" : this.#state;
  }

  /** Has the task ended, in whichever way? */
  get ended(): boolean {
    return this.#state !== "queued" && this.#state !== "running";
  }

  /** What the task has ended with: its value, its error, or the cancellation. */
  get outcome(): unknown {
    return this.ended ? this.#content : undefined;
  }

  get result(): Promise<unknown> {
    const audience = this.#audience ??= new Audience();
    if (audience.result === undefined) {
      audience.result = new Promise<unknown>((resolve, reject) => {
        audience.settle = () => {
          if (this.#state === "fulfilled") resolve(this.#content);
          else reject(this.#error());
        };
      });
      audience.result.catch(() => {});
      if (this.ended) audience.settle!();
    }
    return audience.result;
  }

  /** Calls back when the task has ended, at once if it has. */
  whenEnded(callback: () => void): void {
    if (this.ended) callback();
    else this.result.then(callback, callback);
  }

  /** Remembers the async context of the caller, in which the function will run. */
  prepare(): void {
    this.#content = loop().context.capture();
  }

  /** The first turn: the function starts, in the async context of whoever spawned the task. */
  override run(): void {
    // The turn may come before the group has told the task of a cancellation.
    if (this.effective !== undefined) return this.#end("cancelled", this.effective);
    this.#state = "running";
    const captured = this.#content;
    this.#content = undefined;
    loop().context.resume(captured, enter, this);
  }

  follow(react: (end: Promise<unknown>) => Promise<unknown>): Promise<unknown> {
    return toCaller(react(this.join()));
  }

  /** Waits for the end, as a checkpoint of the caller. */
  join(): Promise<unknown> {
    const scope = currentScope();
    if (isCancelled(scope)) return new Wait<unknown>(scope).promise;
    if (scope === undefined) return this.result;
    if (this.ended) return this.#state === "fulfilled" ? answerIn(scope, this.#content) : this.result;
    const never = whyNever(scope, this);
    if (never !== undefined) return Promise.reject(new StructureError(never));
    const { joiners } = this.#audience ??= new Audience();
    const wait: Wait<unknown> = new Wait<unknown>(scope, () => this.#leftBy(wait), this.handle);
    joiners.add(wait);
    if (laneIn(scope) > this.lane) this.#setLane(laneIn(scope));
    return wait.promise;
  }

  /** Brings the lane up to date after that of one who awaits the task, or of the task around its group, has changed. */
  relane(): void {
    let lane = laneIn(this.#group, this.baseLane);
    for (const { parent } of this.#audience?.joiners ?? []) lane = Math.max(lane, laneIn(parent));
    if (lane !== this.lane) this.#setLane(lane);
  }

  #leftBy(wait: Wait<unknown>): void {
    this.#audience?.joiners.delete(wait);
    if (this.lane !== this.baseLane) this.relane();
  }

  /** A task that somebody more urgent awaits is as urgent, with what is queued for it, and so are those that it awaits itself. */
  #setLane(lane: number): void {
    this.lane = lane;
    loop().queue.move([this], lane);
    if (this.#state === "queued") this.#group.relaned(this);
    moveQueued(this, lane);
  }

  override interrupt(): void {
    super.interrupt();
    if (this.#state !== "queued") return;
    this.#group.unqueue(this);
    this.#end("cancelled", this.effective);
  }

  /** Calls the function, in the task's own context; for `enter` alone. */
  start(): void {
    let result: unknown;
    try {
      // Without `this`: the function of a user is no method of ours.
      const fn = this.#fn;
      result = isStartTold() ? callTold(this, fn) : fn(this.handle);
      if (!isHostPromise(result)) result = awaited(result);
      if (isHostPromise(result)) return this.#follow(result);
    } catch (error) {
      return this.#threw(error);
    }
    this.#returned(result);
  }

  /** Reactions, not an async function around the call, which would cost two promises more. */
  #follow(promise: Promise<unknown>): void {
    if (loop().context.carries) {
      const { fulfilled, rejected } = reactions();
      react(promise, fulfilled, rejected);
    } else {
      react(promise, (value) => this.#returned(value), (error) => this.#threw(error));
    }
  }

  static {
    /**
     * The reactions of all tasks of a loop: which task it is they find in their context. Two functions of its own for each task,
     * the plain form, weigh 170 bytes and make a spawn dearer by a tenth.
     */
    makeReactions = ({ context }) => ({
      fulfilled: (value) => (context.get() as TaskNode).#returned(value),
      rejected: (error) => (context.get() as TaskNode).#threw(error),
    });
  }

  #returned(value: unknown): void {
    if (this.inner > 0) return void this.closeLeftOpen().then((error) => this.#end("rejected", error));
    if (this.delivered) this.#end("cancelled", this.effective);
    else this.#end("fulfilled", value);
  }

  #threw(error: unknown): void {
    if (this.inner > 0) return void this.closeLeftOpen().then(() => this.#threw(error));
    const cancellation = cancellationIn(this, error);
    if (cancellation === undefined) this.#end("rejected", error);
    else this.#end("cancelled", cancellation);
  }

  #end(state: "fulfilled" | "rejected" | "cancelled", outcome: unknown): void {
    this.#state = state;
    this.#content = outcome;
    tellEnded(this);
    if (this.#audience !== undefined) this.#tell(this.#audience);
    this.close();
    this.#group.childEnded(this);
  }

  #tell({ joiners, settle }: Audience): void {
    for (const wait of joiners) {
      if (this.#state === "fulfilled") wait.settleInTurn(this.#content);
      else wait.failInTurn(this.#error());
    }
    joiners.clear();
    settle?.();
  }

  /** What awaiting a task that did not fulfil throws. */
  #error(): unknown {
    return this.#state === "cancelled" ? new TaskCancelledError(this.handle, this.#content) : this.#content;
  }
}

/** Starts a task with itself as the current scope. */
function enter(node: TaskNode): void {
  loop().context.run(node, startTask, node);
}

function startTask(node: TaskNode): void {
  node.start();
}

/** The tasks among the members of a group; waits that its body has left, as `Promise.race` leaves them, are members too. */
export function tasksIn(group: Scope): TaskNode[] {
  const tasks: TaskNode[] = [];
  for (let member = group.members; member !== undefined; member = member.after) {
    if (member instanceof TaskNode) tasks.push(member);
  }
  return tasks;
}
