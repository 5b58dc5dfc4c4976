/**
 * Whoever breaks things: kills nodes, takes their power, cuts them off, stops them for a while. Most mistakes are about leaders, and about
 * recovery: half of the time it is the leader that is struck, most often just when it has begun to lead, and the next fault may come before
 * the last one is over. The random numbers of the run decide.
 */

import type { Machine, Simulation } from "../../testing.ts";

export class Nemesis {
  readonly #sim: Simulation;
  readonly #machines: readonly Machine[];
  readonly #leader: () => string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined = undefined;
  #lastLeader: string | undefined = undefined;
  /** What is broken, and how it is mended. */
  readonly #broken = new Map<ReturnType<typeof setTimeout>, () => void>();

  /** Begins at once. */
  constructor(sim: Simulation, machines: readonly Machine[], leader: () => string | undefined) {
    this.#sim = sim;
    this.#machines = machines;
    this.#leader = leader;
    this.#timer = setInterval(() => this.#look(), 20);
  }

  /** Mends what is broken, and breaks nothing any more. */
  stop(): void {
    clearInterval(this.#timer);
    for (const [timer, mend] of this.#broken) {
      clearTimeout(timer);
      mend();
    }
    this.#broken.clear();
  }

  #look(): void {
    const leader = this.#leader();
    const isNew = leader !== undefined && leader !== this.#lastLeader;
    this.#lastLeader = leader;
    if (Math.random() < (isNew ? 0.3 : 0.04)) this.#strike();
  }

  #strike(): void {
    const machine = this.#pick();
    const kind = Math.random();
    if (kind < 0.4) machine.kill({ power: Math.random() < 0.7 });
    // A cable that all of them hang on.
    else if (kind < 0.5) { for (const each of this.#machines) each.kill({ power: true }); }
    else if (kind < 0.85) this.#for(200 + Math.random() * 600, this.#cutOff(machine));
    else {
      machine.pause();
      this.#for(100 + Math.random() * 500, () => machine.resume());
    }
  }

  /** Takes a node apart from all others, or lets it not reach one of them, or not be reached; answers with what ends that. */
  #cutOff(machine: Machine): () => void {
    const { network } = this.#sim;
    const [one, other] = this.#machines.filter((each) => each !== machine);
    const kind = Math.random();
    if (kind < 0.6) {
      const partition = network.partition([machine], [one!, other!]);
      return () => partition.heal();
    }
    const [from, to] = kind < 0.8 ? [machine, one!] : [other!, machine];
    network.link(from, to, { cut: true });
    return () => network.link(from, to, { cut: false });
  }

  #for(ms: number, mend: () => void): void {
    const timer = setTimeout(() => {
      this.#broken.delete(timer);
      mend();
    }, ms);
    this.#broken.set(timer, mend);
  }

  #pick(): Machine {
    const leader = Math.random() < 0.5 ? this.#leader() : undefined;
    const at = Math.floor(Math.random() * this.#machines.length);
    return this.#machines.find(({ name }) => name === leader) ?? this.#machines[at]!;
  }
}
