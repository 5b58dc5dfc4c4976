import { Random } from "../../../../runtime/basics/random.ts";
import type { Simulation } from "../../../../testing.ts";

/** A program that fails under some orders, and the least number of events that have to be held back for that. */
export interface KnownProgram {
  readonly events: number;
  readonly least: number;
  body(sim: Simulation): Promise<void>;
}

/** Step `step` of `actor` has to come after step `after` of `other`, and before the one behind that where it is `close`. */
interface Condition {
  readonly actor: number;
  readonly step: number;
  readonly other: number;
  readonly after: number;
  readonly close: boolean;
}

/**
 * A program of 20 to 200 events: actors that take steps side by side, some of them in twos. It fails when all of one to four
 * conditions hold. Each is on an actor of its own that would come too early, so that a step of each of these has to be held back.
 */
export function knownProgram(seed: number): KnownProgram {
  const random = new Random(seed);
  const events = 20 + random.below(181);
  const steps = 4 + random.below(Math.min(9, events / 4 - 3));
  const actors = Math.max(4, Math.floor(events / steps));
  const order = Array.from({ length: actors }, (_, actor) => actor);
  for (let at = actors - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  const least = 1 + random.below(Math.min(4, actors - 1));
  const isChain = random.below(4) === 0;
  const conditions: Condition[] = [];
  for (let index = 0; index < least; index++) {
    const step = random.below(steps - 2);
    // Nothing is held back for more than 128 others.
    const farthest = Math.min(steps - step - 2, Math.max(1, Math.floor(100 / actors) - 1));
    const after = step + 1 + random.below(farthest);
    const other = order[isChain && index > 0 ? index - 1 : least]!;
    conditions.push({ actor: order[index]!, step, other, after, close: random.below(4) === 0 });
  }
  const [hasNames, hasTwos] = [random.below(2) === 0, random.below(3) === 0];
  return {
    events: actors * steps,
    least,
    async body(sim) {
      const done = new Array<number>(actors).fill(-1);
      const met = new Set<Condition>();
      await Promise.all(done.map(async (_, actor) => {
        for (let step = 0; step < steps; step++) {
          const label = hasNames ? `step ${actor}.${step}` : `step ${step}`;
          const isTwo = hasTwos && actor > 0 && step === steps - 1;
          await (isTwo ? Promise.all([sim.io(label), sim.io("beside it")]) : sim.io(label));
          done[actor] = step;
          for (const condition of conditions) {
            const { other, after, close } = condition;
            if (condition.actor !== actor || condition.step !== step) continue;
            if (done[other]! >= after && !(close && done[other]! > after)) met.add(condition);
          }
        }
      }));
      if (met.size === conditions.length) throw new Error("all conditions hold");
    },
  };
}
