/**
 * The store on simulated machines: three nodes, some clients, what has to hold meanwhile, and the question at the end whether one store
 * could have given all those answers. The nodes run the code that three processes run.
 *
 * ```sh
 * npx tsx examples/kv/soak.ts stale_read
 * ```
 */

import { sleep } from "../../mod.ts";
import { checkLinearizable, type History, history, type Machine, type Simulation } from "../../testing.ts";
import type { Bugs } from "./bugs.ts";
import { Client } from "./client.ts";
import { Invariants, type Looked } from "./invariants.ts";
import { Nemesis } from "./nemesis.ts";
import { PairNode, runWatcher, watcher } from "./primary_backup.ts";
import type { Members } from "./protocol.ts";
import { RaftNode } from "./raft.ts";

/** How a cluster is used, and what it suffers. */
export interface Scenario {
  /** Raft, or a primary with a backup. Default: "raft". */
  readonly form?: "raft" | "pair";
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

/** The machines of a store, as clients and checks see them. */
interface Cluster {
  readonly machines: readonly Machine[];
  /** Those who answer clients. */
  readonly members: Members;
  /** The nodes that live, or are paused. */
  alive(): readonly Looked[];
  /** Settles when somebody begins to lead; never with a pair. */
  led(): Promise<void>;
}

/** A body for `simulate`, `explore` and `soak`. */
export function replicatedStore(scenario: Scenario = {}): (sim: Simulation) => Promise<void> {
  const { form = "raft", bugs = {}, clients = 3, requests = 50, keys = 2, faults = false } = scenario;
  return async (sim) => {
    sim.network.link({ latency: 1 });
    const cluster = form === "raft" ? raftCluster(sim, bugs) : pairCluster(sim, bugs);
    const { machines, members } = cluster;
    const record = history();
    const work = Array.from({ length: clients }, (_, at) => {
      const name = `c${at + 1}`;
      return startClient(sim, members, name, (client) => useStore(client, record, name, requests, keys));
    });
    let nemesis: Nemesis | undefined;
    let isCalm = false;
    if (faults) {
      slowWays(sim, [...machines, ...work.map(({ machine }) => machine)]);
      nemesis = new Nemesis(sim, machines, () => leaderOf(cluster.alive()));
    } else {
      // Not before there is anything to be lost, and nothing that would be the same for this store: it does not look at the time of day.
      sim.calm();
      await firstAnswer(record);
      sim.faults({ kinds, machines: machines.map(({ name }) => name), atMost: 14, down: 2, duration: [100, 800] });
      void pullPlugs(sim, cluster, () => isCalm);
    }
    for (const { done } of work) await done;

    // Whatever was, the store serves again, and has all that it has answered for.
    nemesis?.stop();
    isCalm = true;
    sim.calm();
    await startClient(sim, members, "reader", (client) => readAll(client, record, keys), 10_000).done;
    // What a soak should have come by, or it has shown little.
    sim.sometimes("somebody else leads than first", cluster.alive().some(({ term }) => term > 1));
    sim.sometimes("an operation has no answer", record.operations.some(({ outcome }) => outcome === "unknown"));
    sim.sometimes("a node has been started again", machines.some(({ life }) => life > 1));
    const verdict = checkLinearizable(record, "map");
    if (verdict.result !== "linearizable") throw new Error(verdict.message);
  };
}

function raftCluster(sim: Simulation, bugs: Bugs): Cluster {
  const names = ["n1", "n2", "n3"];
  const members = membersOf(names);
  const nodes = new Map<string, RaftNode>();
  let tell = () => {};
  const onLead = () => tell();
  const machines = names.map((name) => {
    const onOpen = (node: RaftNode) => nodes.set(name, node);
    return sim.machine(name, () => RaftNode.run({ ...commonOf(name, members), bugs, onOpen, onLead }), { restart });
  });
  const alive = lookAt(sim, machines, nodes);
  const invariants = new Invariants();
  sim.always("a term has one leader", () => invariants.oneLeader(alive()));
  sim.always("what is committed is the same everywhere", () => invariants.sameCommits(alive()));
  sim.always("logs that meet are the same up to there", () => invariants.sameLogs(alive()));
  sim.always("a leader has all that is committed", () => invariants.completeLeader(alive()));
  return { machines, members, alive, led: () => new Promise((resolve) => tell = resolve) };
}

function pairCluster(sim: Simulation, bugs: Bugs): Cluster {
  const names = ["a", "b"];
  const members = membersOf([...names, watcher]);
  const nodes = new Map<string, PairNode>();
  const machines = names.map((name) => {
    const onOpen = (node: PairNode) => nodes.set(name, node);
    return sim.machine(name, () => PairNode.run({ ...commonOf(name, members), bugs, onOpen }), { restart });
  });
  const third = sim.machine(watcher, () => runWatcher(commonOf(watcher, members)), { restart });
  const alive = lookAt(sim, machines, nodes);
  const invariants = new Invariants();
  sim.always("a view has one primary", () => invariants.oneLeader(alive()));
  sim.always("what is done is the same everywhere", () => invariants.sameCommits(alive()));
  return { machines: [...machines, third], members: membersOf(names), alive, led: () => new Promise(() => {}) };
}

const kinds = ["loss", "power", "kill", "isolate", "pause", "cut", "disk"] as const;

/** All hang on one cable, and most can be lost when somebody has just begun to lead. */
async function pullPlugs(sim: Simulation, { machines, led }: Cluster, isOver: () => boolean): Promise<void> {
  for (;;) {
    await led();
    await sleep(1);
    if (isOver()) return;
    if (!sim.fault("all lose their power", { atMost: 2 })) continue;
    for (const machine of machines) machine.kill({ power: true });
  }
}

async function firstAnswer(record: History): Promise<void> {
  while (!record.operations.some(({ outcome }) => outcome === "ok")) await sleep(10);
}

const restart = { delay: 20, backoff: 1 };

function membersOf(names: readonly string[]): Members {
  return Object.fromEntries(names.map((name) => [name, `http://${name}:7000`]));
}

function commonOf(
  name: string,
  members: Members,
): { name: string; members: Members; folder: string; hostname: string } {
  return { name, members, folder: "/data", hostname: "0.0.0.0" };
}

/** The nodes that live, looked for once an event. */
function lookAt(sim: Simulation, machines: readonly Machine[], nodes: ReadonlyMap<string, Looked>): () => Looked[] {
  let step = -1;
  let alive: Looked[] = [];
  return () => {
    if (sim.steps === step) return alive;
    step = sim.steps;
    alive = [];
    for (const { name, state } of machines) {
      const node = nodes.get(name);
      if (node !== undefined && (state === "running" || state === "paused")) alive.push(node);
    }
    return alive;
  };
}

/** Who leads the latest term that anybody leads. */
function leaderOf(alive: readonly Looked[]): string | undefined {
  const leaders = alive.filter(({ role }) => role === "leader");
  return leaders.sort((a, b) => b.term - a.term)[0]?.name;
}

/** Runs a client on a machine of its own; `done` settles with what it does. */
function startClient(
  sim: Simulation,
  members: Members,
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

async function readAll(client: Client, record: History, keys: number): Promise<void> {
  for (let number = 0; number < keys; number++) {
    const key = `k${number}`;
    await record.operation("reader", { name: "get", key }, () => client.get(key));
  }
}

/** Each passage takes its own time: what is asked at once arrives in any order. */
function slowWays(sim: Simulation, all: readonly Machine[]): void {
  for (const from of all) {
    for (const to of all) if (from !== to) sim.network.link(from, to, { latency: [1, 10] });
  }
}
