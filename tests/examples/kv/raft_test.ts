/** A node of Raft, asked as its peers ask it. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import type { Bugs } from "../../../examples/kv/bugs.ts";
import { type Answer, ask, type ClientRequest } from "../../../examples/kv/protocol.ts";
import { RaftNode } from "../../../examples/kv/raft.ts";
import { Store } from "../../../examples/kv/store.ts";
import { type Machine, simulate } from "../../../testing.ts";

interface Node {
  readonly machine: Machine;
  /** What it answers to a question. */
  ask(path: string, question: unknown): Promise<unknown>;
  /** Its log, in words. */
  log(): string[];
  restart(): Promise<void>;
}

/** Runs a body with one node, n1; who asks is n2 and n3, and there are no such machines. */
function withNode(body: (node: Node) => Promise<void>, bugs: Bugs = {}): Promise<void> {
  return simulate(async (sim) => {
    let raft!: RaftNode;
    const members = { n1: "http://n1:7000", n2: "http://n2:7000", n3: "http://n3:7000" };
    let opened!: () => void;
    let isOpen = new Promise<void>((resolve) => opened = resolve);
    const machine = sim.machine("n1", () =>
      RaftNode.run({
        name: "n1",
        members,
        folder: "/data",
        hostname: "0.0.0.0",
        bugs,
        onOpen: (node) => (raft = node, opened()),
      }));
    await isOpen;
    await body({
      machine,
      ask: (path, question) => ask(members.n1, path, question, 1000),
      log: () => raft.log.map(({ term, request }) => `${term}${request === undefined ? "" : ` ${request.client}`}`),
      restart: async () => {
        isOpen = new Promise<void>((resolve) => opened = resolve);
        machine.kill({ power: true });
        machine.restart();
        await isOpen;
      },
    });
  });
}

const vote = (term: number, candidate: string, lastIndex = 0, lastTerm = 0) => ({
  term,
  candidate,
  lastIndex,
  lastTerm,
});
const entry = (term: number, client: string) => ({
  term,
  request: { client, number: 1, op: "put", key: "k", value: client },
});
const append = (term: number, before: [index: number, term: number], entries: unknown[] = [], commit = 0) => ({
  term,
  leader: "n2",
  before: before[0],
  beforeTerm: before[1],
  entries,
  commit,
});

test("a node votes once in a term, also when its power was lost in between", async () => {
  await withNode(async (node) => {
    assertEquals(await node.ask("/vote", vote(5, "n2")), { term: 5, granted: true });
    assertEquals(await node.ask("/vote", vote(5, "n3")), { term: 5, granted: false });
    assertEquals(await node.ask("/vote", vote(5, "n2")), { term: 5, granted: true });
    await node.restart();
    assertEquals(await node.ask("/vote", vote(5, "n3")), { term: 5, granted: false });
    assertEquals(await node.ask("/vote", vote(6, "n3")), { term: 6, granted: true });
  });
});

test("a node that answers a vote before its sync gives a second one after a loss of power", async () => {
  await withNode(async (node) => {
    assertEquals(await node.ask("/vote", vote(5, "n2")), { term: 5, granted: true });
    await node.restart();
    assertEquals(await node.ask("/vote", vote(5, "n3")), { term: 5, granted: true });
  }, { unsyncedVote: true });
});

test("a candidate whose log is older gets no vote", async () => {
  await withNode(async (node) => {
    await node.ask("/append", append(2, [0, 0], [entry(1, "a"), entry(2, "b")]));
    const granted = async (...candidate: Parameters<typeof vote>) =>
      (await node.ask("/vote", vote(...candidate)) as { granted: boolean }).granted;
    assertEquals(await granted(3, "n2", 5, 1), false);
    assertEquals(await granted(4, "n2", 1, 2), false);
    assertEquals(await granted(5, "n2", 2, 2), true);
    assertEquals(await granted(6, "n2", 1, 3), true);
  });
});

test("a leader of an earlier term is refused, and learns the later one", async () => {
  await withNode(async (node) => {
    await node.ask("/vote", vote(5, "n3"));
    assertEquals(await node.ask("/append", append(4, [0, 0], [entry(4, "a")])), { term: 5, ok: false, index: 0 });
    assertEquals(node.log(), []);
  });
});

test("an append that does not fit is refused with the place to go on from, and one that differs replaces what was there", async () => {
  await withNode(async (node) => {
    assertEquals(await node.ask("/append", append(1, [4, 1], [entry(1, "e")])), { term: 1, ok: false, index: 0 });
    await node.ask("/append", append(1, [0, 0], [entry(1, "a"), entry(1, "b"), entry(1, "c")]));
    assertEquals(await node.ask("/append", append(2, [2, 2])), { term: 2, ok: false, index: 1 });
    assertEquals(await node.ask("/append", append(2, [1, 1], [entry(2, "d")])), { term: 2, ok: true, index: 2 });
    assertEquals(node.log(), ["1 a", "2 d"]);
    await node.restart();
    assertEquals(node.log(), ["1 a", "2 d"]);
  });
});

test("a late append that is shorter than one before it cuts nothing off", async () => {
  const [short, long] = [append(1, [0, 0], [entry(1, "a")]), append(1, [0, 0], [entry(1, "a"), entry(1, "b")])];
  const inThisOrder = (cut: boolean, bugs?: Bugs) =>
    withNode(async (node) => {
      await node.ask("/append", long);
      assertEquals(await node.ask("/append", short), { term: 1, ok: true, index: 1 });
      assertEquals(node.log(), cut ? ["1 a"] : ["1 a", "1 b"]);
    }, bugs);
  await inThisOrder(false);
  await inThisOrder(true, { logTruncation: true });
});

test("a node that is not the leader sends clients to the one it knows", async () => {
  await withNode(async (node) => {
    const get: ClientRequest = { client: "c", number: 1, op: "get", key: "k" };
    assertEquals(await node.ask("/kv", get), { kind: "elsewhere" });
    await node.ask("/append", append(1, [0, 0]));
    assertEquals(await node.ask("/kv", get) as Answer, { kind: "elsewhere", node: "n2" });
  });
});

test("what a client asks for twice by one name is done once, with one answer", () => {
  const store = new Store();
  const cas: ClientRequest = { client: "c", number: 1, op: "cas", key: "k", from: null, value: "1" };
  assertEquals([store.apply(cas), store.apply(cas)], [{ ok: true }, { ok: true }]);
  store.apply({ client: "d", number: 7, op: "put", key: "k", value: "2" });
  store.apply({ client: "c", number: 2, op: "delete", key: "other" });
  store.apply({ client: "c", number: 1, op: "put", key: "k", value: "3" });
  assertEquals(store.get("k"), "2");
});
