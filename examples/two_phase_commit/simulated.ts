/** Banks and a coordinator on simulated machines: a body for `simulate`, `explore` and `soak`. */

import { sleep } from "../../mod.ts";
import type { Machine, Simulation } from "../../testing.ts";
import { Nemesis } from "../kv/nemesis.ts";
import { ask } from "../kv/protocol.ts";
import { type Bank, type Bugs, insist, type Outcome, runBank, runCoordinator, type Transfer } from "./transfers.ts";

/** How money is moved, and what happens to the banks. */
export interface Scenario {
  readonly bugs?: Bugs;
  /** How many transfers each of two clients asks for. Default: 25. */
  readonly transfers?: number;
  /** Are there faults of the body's own, by the random numbers of the run? With `soak` the faults are the schedule's. Default: false. */
  readonly faults?: boolean;
}

const names = ["bank-1", "bank-2", "bank-3"];
const initial = 100;
const coordinator = "http://coordinator:80";
const urlOf = (bank: string) => `http://${bank}:80`;

/** No bank does what another one undoes, and no money comes from nothing or goes there. */
export function moneyTransfers(scenario: Scenario = {}): (sim: Simulation) => Promise<void> {
  const { bugs = {}, transfers = 25, faults = false } = scenario;
  return async (sim) => {
    sim.network.link({ latency: 2 });
    const restart = { delay: 50, backoff: 1 };
    const settings = { folder: "/data", port: 80, bugs };
    const banks = new Map<string, Bank>();
    const machines: Machine[] = [
      sim.machine("coordinator", () => runCoordinator(settings, urlOf), { restart }),
      ...names.map((name) =>
        sim.machine(name, () => runBank(settings, coordinator, initial, (bank) => banks.set(name, bank)), { restart })
      ),
    ];
    let decisions = 0;
    sim.always("all banks decide the same", () => {
      let count = 0;
      for (const { decided } of banks.values()) count += decided.size;
      if (count !== decisions) checkDecisions(banks);
      decisions = count;
    });
    const nemesis = faults ? new Nemesis(sim, machines, () => "coordinator") : undefined;
    if (!faults) sim.faults({ down: 2, duration: [100, 800], atMost: 20 });
    await Promise.all(["a", "b"].map((client) => move(client, transfers)));

    nemesis?.stop();
    sim.calm();
    const sum = await settledSum();
    if (sum !== names.length * initial) {
      throw new Error(`Money does not add up: ${sum} of ${names.length * initial} are left`);
    }
  };
}

/** Asks for transfers, one after the other; one without an answer is given up. */
async function move(client: string, transfers: number): Promise<void> {
  for (let number = 0; number < transfers; number++) {
    const from = Math.floor(Math.random() * names.length);
    const to = (from + 1 + Math.floor(Math.random() * (names.length - 1))) % names.length;
    const amount = 1 + Math.floor(Math.random() * 40);
    const transfer: Transfer = { id: `${client}${number}`, from: names[from]!, to: names[to]!, amount };
    await ask<{ outcome: Outcome }>(coordinator, "/transfer", transfer, 300);
    await sleep(Math.random() * 60);
  }
}

/** Looks at what the banks have decided; those that do not live as they were last. */
function checkDecisions(banks: ReadonlyMap<string, Bank>): void {
  const outcomes = new Map<string, Outcome>();
  for (const { decided } of banks.values()) {
    for (const [id, outcome] of decided) {
      const other = outcomes.get(id) ?? outcome;
      if (other !== outcome) throw new Error(`Transfer ${id} is committed by one bank, and aborted by another`);
      outcomes.set(id, outcome);
    }
  }
}

/** What all banks have when nothing is prepared any more; it takes half a minute at most. */
async function settledSum(): Promise<number> {
  for (let second = 0; second < 30; second++) {
    await sleep(1000);
    let [sum, prepared] = [0, 0];
    for (const name of names) {
      const state = await insist<{ balance: number; prepared: number }>(urlOf(name), "/state", {});
      sum += state.balance;
      prepared += state.prepared;
    }
    if (prepared === 0) return sum;
  }
  throw new Error("A transfer is never decided: a bank waits for it still");
}
