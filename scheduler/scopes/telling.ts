/**
 * How those in a cancelled scope are told of it, in slices.
 *
 * ```
 *   marked ──told in the call──> all are told
 *              └──the share of the slice is over──> signals aborted ──a turn, a turn, ...──> all are told
 * ```
 *
 * Always the oldest member first, and what is inside a scope before the scope itself. Between the mark and the telling
 * nobody goes on as if there were no cancellation: a checkpoint, a new wait and a wait whose value comes look it up, and a wait that does
 * so counts as told. A member that a shield has been put around meanwhile is passed over.
 *
 * Telling 100,000 tasks that sleep takes 20 to 40 ms. In the call it would be a turn that long. And as each batch of them ends
 * before the next one is told, what belongs to them is still in the processor's caches then.
 *
 * @module
 */

import { Entry } from "../queue/entry.ts";
import { type Loop, loop } from "../queue/loop.ts";
import { laneOf } from "../queue/priority.ts";

/** A member of the tree of scopes, as far as the telling goes. */
export interface TreeMember {
  readonly parent: TreeScope | undefined;
  readonly before: TreeMember | undefined;
  readonly after: TreeMember | undefined;
  /** The member as a scope, if it is one. */
  readonly branch: TreeScope | undefined;
  interrupt(): void;
}

/** A scope of the tree. */
export interface TreeScope extends TreeMember {
  readonly members: TreeMember | undefined;
  /** The cancellation that is in force. */
  readonly effective: unknown;
  readonly shielded: boolean;
  readonly closed: boolean;
  /** The open scopes of the whole tree that have a signal which is not aborted, in the order in which it was asked for. */
  readonly signalled: Set<TreeScope>;
  describe(): string;
  abortSignal(): void;
}

const tellingsOf = new WeakMap<Loop, Telling[]>();

/** Those of the loop that was asked for last: it changes only with a simulation. */
let last: { loop: Loop; running: Telling[] } | undefined;

/** Those of the loop in use that have not come to their end. */
export function tellings(): Telling[] {
  const current = loop();
  if (last?.loop !== current) {
    let running = tellingsOf.get(current);
    if (running === undefined) tellingsOf.set(current, running = []);
    last = { loop: current, running };
  }
  return last.running;
}

/**
 * How many tellings have not come to their end, on any loop; those of a simulation that was given up never do. It is looked at first, because
 * every wait that ends asks.
 */
let unfinished = 0;

/** May there be somebody in a scope who has not been told of its cancellation? */
export function mayBeUntold(scope: TreeScope): boolean {
  return unfinished > 0 && scope.members !== undefined && scope.effective !== undefined && tellings().length > 0;
}

/** A member leaves its scope. */
export function leaves(member: TreeMember): void {
  if (unfinished === 0) return;
  const running = tellings();
  for (let index = 0; index < running.length; index++) running[index]!.left(member);
}

/** A scope has closed, and ended its waits with that. */
export function closes(scope: TreeScope): void {
  if (unfinished === 0) return;
  const running = tellings();
  // One that ends leaves the list.
  for (let index = running.length - 1; index >= 0; index--) running[index]!.closed(scope);
}

/**
 * Tells the members of a scope, and the scope itself, that a cancellation has reached them; `lane` is that of the task around. It goes on
 * behind no work of lower priority than is usual: what is not told yet may stand in line for what others wait for.
 */
export function tell(top: TreeScope, lane = 0): void {
  if (top.members === undefined) top.interrupt();
  else new Telling(top, Math.max(lane, laneOf("user-visible"))).begin();
}

/** Where the telling stands in one scope. */
interface Place {
  readonly scope: TreeScope;
  /** Whom to tell next; `undefined` when only the scope itself is left. */
  next: TreeMember | undefined;
  readonly outer: Place | undefined;
}

/** The telling of one cancellation. */
class Telling extends Entry {
  readonly #lane: number;
  readonly #top: TreeScope;
  /** The innermost scope that it has come to. */
  #place: Place | undefined;
  /** All places by their scopes: of groups deep inside one another there are many, and each that ends asks. */
  readonly #places: Map<TreeScope, Place> = new Map();

  constructor(top: TreeScope, lane: number) {
    super();
    this.#top = top;
    this.#lane = lane;
    this.#goInto(top);
  }

  #goInto(scope: TreeScope): void {
    this.#place = { scope, next: oldestIn(scope), outer: this.#place };
    this.#places.set(scope, this.#place);
  }

  override describe(): string {
    return `a cancellation in ${this.#top.describe()}`;
  }

  /** Tells as many as the share of the slice allows; the others in turns. */
  begin(): void {
    tellings().push(this);
    unfinished++;
    loop().timers.beginBulk();
    try {
      this.#advance(Infinity);
      if (this.#place === undefined) return;
      for (const scope of this.#top.signalled) if (scope.effective !== undefined) scope.abortSignal();
      // The bound on their teardown counts from now.
      for (let place = this.#place as Place | undefined; place !== undefined; place = place.outer) {
        interruptScope(place.scope);
      }
    } finally {
      this.#goOn();
    }
  }

  override run(): void {
    try {
      this.#advance(loop().telling.batch);
    } finally {
      this.#goOn();
    }
  }

  /** The rest is told, whatever comes of a member. */
  #goOn(): void {
    if (this.#place === undefined) this.#end();
    else loop().queue.enqueue(this, this.#lane);
  }

  /** If this began with the scope, only those in scopes inside are left to be told. */
  closed(scope: TreeScope): void {
    if (scope !== this.#top) return;
    for (let member = scope.members; member !== undefined; member = member.after) {
      if (member.branch !== undefined) return;
    }
    this.#end();
  }

  left(member: TreeMember): void {
    const place = this.#places.get(member.parent!);
    if (place?.next === member) place.next = youngerThan(member, place.scope);
  }

  /** Tells no more than `most`, and for no longer than the share of the slice. */
  #advance(most: number): void {
    const { host, telling: { stride, time } } = loop();
    let end = Infinity;
    for (let told = 1; this.#place !== undefined; told++) {
      this.#tellNext(this.#place);
      // The first look at the clock comes late, so that the cancellation of a few costs none.
      if (told % stride === 0) {
        const now = host.now();
        if (end === Infinity) end = now + time;
        if (now >= end) return;
      }
      if (told >= most) return;
    }
  }

  #end(): void {
    const running = tellings();
    const index = running.indexOf(this);
    if (index < 0) return;
    running.splice(index, 1);
    unfinished--;
    this.#place = undefined;
    const { queue, timers } = loop();
    timers.endBulk();
    queue.remove(this);
  }

  #tellNext(place: Place): void {
    const { scope, next } = place;
    if (next === undefined) {
      this.#place = place.outer;
      this.#places.delete(scope);
      return interruptScope(scope);
    }
    place.next = youngerThan(next, scope);
    const { branch } = next;
    if (branch === undefined) {
      if (scope.effective !== undefined) next.interrupt();
    } else if (branch.effective !== undefined && !branch.shielded) {
      const only = branch.members;
      if (only === undefined) return branch.interrupt();
      if (only.after === undefined && only.branch === undefined) {
        // A task with one wait, as most are, needs no place of its own.
        only.interrupt();
        interruptScope(branch);
      } else {
        this.#goInto(branch);
      }
    }
  }
}

function interruptScope(scope: TreeScope): void {
  if (scope.effective !== undefined && !scope.closed) scope.interrupt();
}

function oldestIn(scope: TreeScope): TreeMember | undefined {
  return scope.members?.before;
}

function youngerThan(member: TreeMember, scope: TreeScope): TreeMember | undefined {
  return member === scope.members ? undefined : member.before;
}
