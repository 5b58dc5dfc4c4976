/**
 * Who holds what in a simulation: permits of semaphores and mutexes.
 *
 * @module
 */

import type { Scope } from "../../scopes/scope.ts";
import type { Permit, PermitWatch } from "../../sync/permit.ts";

interface Entry {
  readonly source: (permit: Permit) => void;
  readonly holder: string | undefined;
  readonly place: Error | undefined;
  /** The life of a machine in which it was taken. */
  readonly life: object | undefined;
}

/** The permits that are held. */
export class HeldPermits implements PermitWatch {
  readonly #held = new Map<Permit, Entry>();
  readonly #place: () => Error | undefined;
  readonly #life: () => object | undefined;

  /** `place` tells where the caller is, if somebody may want to know; `life` in which life of a machine it is. */
  constructor(place: () => Error | undefined, life: () => object | undefined = () => undefined) {
    this.#place = place;
    this.#life = life;
  }

  /** A life is over, with all that it holds. */
  forget(life: object): void {
    for (const [permit, entry] of this.#held) if (entry.life === life) this.#held.delete(permit);
  }

  /** A new run begins. */
  clear(): void {
    this.#held.clear();
  }

  taken(permit: Permit, source: (permit: Permit) => void, scope: Scope | undefined): void {
    this.#held.set(permit, { source, holder: scope?.owner?.handle?.name, place: this.#place(), life: this.#life() });
  }

  released(permit: Permit): void {
    this.#held.delete(permit);
  }

  holders(source: (permit: Permit) => void): readonly string[] {
    const names = new Set<string>();
    for (const entry of this.#held.values()) {
      if (entry.source === source) names.add(entry.holder ?? "code outside any task");
    }
    return [...names];
  }

  /** The permits that tasks have taken, each with where. What the body itself takes outside of tasks may be a check of its own. */
  left(): { what: string; place: Error | undefined }[] {
    const left: { what: string; place: Error | undefined }[] = [];
    for (const { holder, place } of this.#held.values()) {
      if (holder !== undefined) left.push({ what: `a permit that was not released, taken by ${holder}`, place });
    }
    return left;
  }
}
