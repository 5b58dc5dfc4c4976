/**
 * Whoever breaks things: kills nodes, takes their power, cuts them off, stops them for a while; half of the time the leader, for it is the
 * leader that most mistakes are about. The random numbers of the run decide.
 */

import type { Machine, Partition, Simulation } from "../../testing.ts";

export class Nemesis {
  readonly #sim: Simulation;
  readonly #machines: readonly Machine[];
  readonly #leader: () => string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #mend: (() => void) | undefined = undefined;

  constructor(sim: Simulation, machines: readonly Machine[], leader: () => string | undefined) {
    this.#sim = sim;
    this.#machines = machines;
    this.#leader = leader;
    this.#rest();
  }

  /** Mends what is broken, and leaves it so. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#mend?.();
    this.#mend = undefined;
  }

  #rest(): void {
    this.#timer = setTimeout(() => this.#strike(), Math.random() * 400);
  }

  #strike(): void {
    const machine = this.#pick();
    const [duration, mend] = this.#break(machine);
    this.#mend = mend;
    this.#timer = setTimeout(() => {
      this.#mend?.();
      this.#mend = undefined;
      this.#rest();
    }, duration);
  }

  /** Breaks something; answers for how long, and how it is mended. */
  #break(machine: Machine): [number, () => void] {
    const kind = Math.random();
    if (kind < 0.4) {
      machine.kill({ power: Math.random() < 0.7 });
      // The supervisor starts it again.
      return [Math.random() * 200, () => {}];
    }
    if (kind < 0.85) {
      const partition = this.#partition(machine);
      return [200 + Math.random() * 600, () => partition()];
    }
    machine.pause();
    return [100 + Math.random() * 500, () => machine.resume()];
  }

  /** A node without all others, or one that does not hear one of them, or is not heard. */
  #partition(machine: Machine): () => void {
    const { network } = this.#sim;
    const others = this.#machines.filter((other) => other !== machine);
    const kind = Math.random();
    if (kind < 0.6) {
      const partition: Partition = network.partition([machine], others);
      return () => partition.heal();
    }
    const [from, to] = kind < 0.8 ? [machine, others[0]!] : [others[1]!, machine];
    network.link(from, to, { cut: true });
    return () => network.link(from, to, { cut: false });
  }

  #pick(): Machine {
    const leader = Math.random() < 0.5 ? this.#leader() : undefined;
    const at = Math.floor(Math.random() * this.#machines.length);
    return this.#machines.find(({ name }) => name === leader) ?? this.#machines[at]!;
  }
}
