/**
 * Millrace's own loop where a simulation has machines: each program has one, which ends with it, and so has the world around them.
 *
 * @module
 */

import { currentHost } from "../../../runtime/current_host.ts";
import { hostOfLife } from "../../../runtime/simulation/run/host.ts";
import type { Life, ProgramFrame, Session } from "../../../runtime/simulation/run/session.ts";
import { Loop } from "../../queue/loop.ts";
import { keepRoots, roots, within } from "../../scopes/current_scope.ts";
import type { HeldPermits } from "./held_permits.ts";
import { Scope } from "../../scopes/scope.ts";

/** What stands in the place of the loop: its parts are those of whose flow of control it is. `world` is the one there was, if one was. */
export function loopOfMachines(session: Session, permits: HeldPermits, world: Loop | undefined): Loop {
  const host = currentHost();
  let worlds = world;
  const open = new Roots(session, world === undefined ? new Set() : roots());
  session.onForgotten = (life) => {
    open.forget(life);
    permits.forget(life);
  };
  const own = (): Loop => {
    const { life } = session;
    if (life === undefined) return worlds ??= new Loop(host);
    return (life.loop ??= new Loop(hostOfLife(session, host, life))) as Loop;
  };
  const loop = Object.create(Loop.prototype, {
    host: { get: () => own().host },
    queue: { get: () => own().queue },
    timers: { get: () => own().timers },
    telling: { get: () => own().telling },
    // The same for all of them, as is the slot of the host: what is in it goes with the flow of control.
    context: { value: host.openContext() },
  }) as Loop;
  keepRoots(loop, open);
  return loop;
}

/** The scopes at the top, which are forgotten with the program that has opened them. */
class Roots extends Set<Scope> {
  readonly #session: Session;
  /** Those that were open before there were machines. */
  readonly #before: ReadonlySet<Scope>;
  readonly #lives = new WeakMap<Scope, Life>();

  constructor(session: Session, before: ReadonlySet<Scope>) {
    super();
    this.#session = session;
    this.#before = before;
  }

  override add(root: Scope): this {
    const { life } = this.#session;
    if (life !== undefined) this.#lives.set(root, life);
    return super.add(root);
  }

  override *[Symbol.iterator](): SetIterator<Scope> {
    yield* this.#before;
    yield* super.values();
  }

  forget(life: Life): void {
    for (const root of super.values()) if (this.#lives.get(root) === life) this.delete(root);
  }
}

/** The program of a life runs in a scope of its own. */
export function programFrame(): ProgramFrame {
  const scope = new Scope(undefined);
  return {
    run: (fn) => within(scope, fn, undefined),
    cancel: () => void scope.cancel("shutdown"),
  };
}
