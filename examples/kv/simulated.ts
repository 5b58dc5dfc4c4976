/**
 * The store on simulated machines: three nodes, some clients, what has to hold meanwhile, and the question at the end whether one store
 * could have given all those answers. The nodes run the code that three processes run.
 *
 * ```sh
 * npx tsx examples/kv/soak.ts --bug staleRead
 * ```
 */

import { sleep } from "../../mod.ts";
import { checkLinearizable, type History, history, type Machine, type Simulation } from "../../testing.ts";
import type { Bugs } from "./bugs.ts";
import { Client } from "./client.ts";
import { Invariants } from "./invariants.ts";
import { Nemesis } from "./nemesis.ts";
import type { Members } from "./protocol.ts";
import { RaftNode } from "./raft.ts";

/** How a cluster is used, and what it suffers. */
export interface Scenario {
  readonly bugs?: Bugs;
  /** How many clients there are. Default: 3. */
  readonly clients?: number;
  /** How many operations each of them does. Default: 50. */
  readonly requests?: number;
  /** How many keys they share. Default: 2. */
  readonly keys?: number;
  /** Are there faults of the body's own, by the random numbers of the run? With `soak` the faults are the schedule's. Default: false. */
  readonly faults?: boolean;
}

const names = ["n1", "n2", "n3"];
const members: Members = Object.fromEntries(names.map((name) => [name, `http://${name}:7000`]));

/** A body for `simulate`, `explore` and `soak`. */
export function replicatedStore(scenario: Scenario = {}): (sim: Simulation) => Promise<void> {
  const { bugs = {}, clients = 3, requests = 50, keys = 2, faults = false } = scenario;
  return async (sim) => {
    sim.network.link({ latency: 1 });
    const nodes = new Map<string, RaftNode>();
    const machines = names.map((name) =>
      sim.machine(name, () =>
        RaftNode.run({
          name,
          members,
          folder: "/data",
          hostname: "0.0.0.0",
          bugs,
          onOpen: (node) => nodes.set(name, node),
        }), { restart: { delay: 20, backoff: 1 } })
    );
    watch(sim, machines, nodes);
    const record = history();
    const work = Array.from(
      { length: clients },
      (_, at) => startClient(sim, `c${at + 1}`, (client) => useStore(client, record, `c${at + 1}`, requests, keys)),
    );
    let nemesis: Nemesis | undefined;
    if (faults) {
      slowWays(sim, [...names, ...work.map(({ machine }) => machine.name)]);
      nemesis = new Nemesis(sim, machines, () => leaderOf(machines, nodes));
    } else {
      sim.faults({ machines: names, down: 2, duration: [100, 1500] });
    }
    for (const { done } of work) await done;

    // Whatever was, the store serves again, and has all that it has answered for.
    nemesis?.stop();
    sim.calm();
    const reader = startClient(sim, "reader", async (client) => {
      for (let key = 0; key < keys; key++) {
        await record.operation("reader", { name: "get", key: `k${key}` }, () => client.get(`k${key}`));
      }
    }, 10_000);
    await reader.done;
    const verdict = checkLinearizable(record, "map");
    if (verdict.result !== "linearizable") throw new Error(verdict.message);
  };
}

/** What has to hold after each event. */
function watch(sim: Simulation, machines: readonly Machine[], nodes: ReadonlyMap<string, RaftNode>): void {
  const invariants = new Invariants();
  let lookedAt = -1;
  let nodesThen: readonly RaftNode[] = [];
  // Once an event, for all four.
  const alive = () => {
    if (sim.steps !== lookedAt) nodesThen = aliveOf(machines, nodes);
    lookedAt = sim.steps;
    return nodesThen;
  };
  sim.always("a term has one leader", () => invariants.oneLeader(alive()));
  sim.always("what is committed is the same everywhere", () => invariants.sameCommits(alive()));
  sim.always("logs that meet are the same up to there", () => invariants.sameLogs(alive()));
  sim.always("a leader has all that is committed", () => invariants.completeLeader(alive()));
}

function aliveOf(machines: readonly Machine[], nodes: ReadonlyMap<string, RaftNode>): RaftNode[] {
  const alive: RaftNode[] = [];
  for (const { name, state } of machines) {
    const node = nodes.get(name);
    if (node !== undefined && (state === "running" || state === "paused")) alive.push(node);
  }
  return alive;
}

/** Who leads the latest term that anybody leads. */
function leaderOf(machines: readonly Machine[], nodes: ReadonlyMap<string, RaftNode>): string | undefined {
  const leaders = aliveOf(machines, nodes).filter(({ role }) => role === "leader");
  return leaders.sort((a, b) => b.term - a.term)[0]?.name;
}

/** Runs a client on a machine of its own; `done` settles with what it does. */
function startClient(
  sim: Simulation,
  name: string,
  use: (client: Client) => Promise<void>,
  timeout = 1000,
): { machine: Machine; done: Promise<void> } {
  let machine!: Machine;
  const done = new Promise<void>((resolve, reject) => {
    machine = sim.machine(name, () => use(new Client({ name, members, timeout, patience: 150 })).then(resolve, reject));
  });
  return { machine, done };
}

/** A client's operations, one after the other: values are its own, each used once. */
async function useStore(client: Client, record: History, name: string, requests: number, keys: number): Promise<void> {
  const seen = new Map<string, string | null>();
  for (let number = 0; number < requests; number++) {
    const key = `k${Math.floor(Math.random() * keys)}`;
    const value = `${name}.${number}`;
    const kind = Math.random();
    try {
      if (kind < 0.45) {
        await record.operation(name, { name: "put", key, input: value }, () => client.put(key, value));
      } else if (kind < 0.55) {
        const from = seen.get(key) ?? null;
        const input = { from, to: value };
        await record.operation(name, { name: "cas", key, input }, () => client.cas(key, from, value));
      } else {
        seen.set(key, await record.operation(name, { name: "get", key }, () => client.get(key)));
      }
    } catch {
      // There was no answer in time: the record has that.
    }
    await sleep(Math.random() * 30);
  }
}

/** Each passage takes its own time: what is asked at once arrives in any order. */
function slowWays(sim: Simulation, all: readonly string[]): void {
  for (const from of all) {
    for (const to of all) if (from !== to) sim.network.link(from, to, { latency: [1, 10] });
  }
}
