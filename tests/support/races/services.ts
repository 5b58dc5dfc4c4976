/**
 * Races between services, their clients and their clocks.
 *
 * @module
 */

import { both, expect, type Program, type RaceEntry } from "./race.ts";

/** What changes while a save is under way is taken for saved. */
const dirtyFlag: Program = async (sim, mended) => {
  let [text, version, saved, dirty] = ["a", 1, "", true];
  async function save(): Promise<void> {
    while (dirty) {
      const [content, number] = [text, version];
      await sim.io(`save ${content}`);
      saved = content;
      if (!mended || number === version) dirty = false;
    }
  }
  async function edit(): Promise<void> {
    await sim.io("key");
    [text, version, dirty] = ["ab", 2, true];
  }
  const editing = edit();
  await save();
  await editing;
  await save();
  expect(saved === "ab", `"${saved}" is saved`);
};

/** An event between the snapshot and the subscription reaches neither. */
const snapshotGap: Program = async (sim, mended) => {
  const rows = ["one"];
  let seen: string[] = [];
  const listeners: ((row: string) => void)[] = [];
  async function follow(): Promise<void> {
    if (mended) listeners.push((row) => seen.push(row));
    await sim.io("snapshot");
    const snapshot = [...rows];
    await sim.io("subscribed");
    if (!mended) listeners.push((row) => seen.push(row));
    seen = [...new Set([...snapshot, ...seen])];
  }
  async function insert(): Promise<void> {
    await sim.io("insert");
    rows.push("two");
    for (const listener of listeners) listener("two");
  }
  await both(follow, insert);
  expect(seen.includes("two"), "a row is seen by nobody");
};

/** The lease runs out while its renewal is on the way. */
const leaseExpires: Program = async (sim, mended) => {
  const leaders = new Set<string>();
  leaders.add("a");
  let until = 100;
  async function lead(): Promise<void> {
    await sim.io("renewal of a");
    if (mended && sim.now() >= until) return void leaders.delete("a");
    until = sim.now() + 100;
    leaders.add("a");
    expect(leaders.size === 1, "there are two leaders");
  }
  async function follow(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (sim.now() < until) return;
    leaders.delete("a");
    leaders.add("b");
  }
  await both(lead, follow);
};

/** The same message is delivered twice, and both times not yet known. */
const idempotency: Program = async (sim, mended) => {
  const known = new Set<string>();
  let charged = 0;
  async function consume(delivery: string): Promise<void> {
    await sim.io(`look up for ${delivery}`);
    if (known.has("order")) return;
    if (mended) known.add("order");
    await sim.io(`charge for ${delivery}`);
    charged++;
    known.add("order");
  }
  await both(() => consume("delivery 1"), () => consume("delivery 2"));
  expect(charged === 1, `charged ${charged} times`);
};

/** A request that is given up is carried out all the same, and then again. */
const retriedWrite: Program = async (sim, mended) => {
  let applied = 0;
  const keys = new Set<string>();
  async function request(attempt: number): Promise<boolean> {
    const answer = sim.io(`request ${attempt}`).then(() => {
      if (mended && keys.has("key")) return;
      keys.add("key");
      applied++;
    });
    let timer: ReturnType<typeof setTimeout>;
    const late = new Promise<boolean>((resolve) => timer = setTimeout(resolve, 1000, false));
    const isIn = await Promise.race([answer.then(() => true), late]);
    clearTimeout(timer!);
    return isIn;
  }
  for (let attempt = 1; !await request(attempt) && attempt < 3;) attempt++;
  await sim.allBlocked();
  expect(applied === 1, `the write is applied ${applied} times`);
};

/** A failed load is kept in the place of the value. */
const cachedFailure: Program = async (sim, mended) => {
  let up = false;
  let loading: Promise<string> | undefined;
  async function load(name: string): Promise<string> {
    await sim.io(`load for ${name}`);
    if (!up) throw new Error("the database is down");
    return "value";
  }
  function get(name: string): Promise<string> {
    loading ??= load(name);
    if (mended) loading.catch(() => loading = undefined);
    return loading;
  }
  async function start(): Promise<void> {
    await sim.io("the database is up");
    up = true;
  }
  await both(start, async () => void await get("the first").catch(() => ""));
  expect(await get("the second").catch(() => "") === "value", "the failure is kept");
};

/** The balance is looked at, then something else is waited for, then it is used. */
const overdraft: Program = async (sim, mended) => {
  let balance = 100;
  async function withdraw(name: string, amount: number): Promise<void> {
    await sim.io(`balance for ${name}`);
    if (balance < amount) return;
    if (mended) balance -= amount;
    await sim.io(`fraud check of ${name}`);
    if (!mended) balance -= amount;
  }
  await both(() => withdraw("ann", 80), () => withdraw("bob", 80));
  expect(balance >= 0, `the balance is ${balance}`);
};

/** Messages that carry a version come over two connections. */
const versions: Program = async (sim, mended) => {
  let state = { version: 0, text: "" };
  async function receive(connection: string, update: typeof state): Promise<void> {
    await sim.io(`update over ${connection}`);
    if (!mended || update.version > state.version) state = update;
  }
  await both(
    () => receive("the old connection", { version: 1, text: "old" }),
    () => receive("the new connection", { version: 2, text: "new" }),
  );
  expect(state.text === "new", "an old state is shown");
};

/** Two of three replicas are asked, and neither has the write that was confirmed by the third. */
const staleQuorum: Program = async (sim, mended) => {
  const replicas = [0, 0, 0];
  const acknowledged: Promise<void>[] = replicas.map((_, index) =>
    sim.io(`write to replica ${index}`).then(() => void (replicas[index] = 1))
  );
  if (mended) {
    let count = 0;
    await new Promise<void>((resolve) => acknowledged.forEach((each) => each.then(() => ++count === 2 && resolve())));
  } else {
    await Promise.race(acknowledged);
  }
  await sim.io("read");
  const read = Math.max(replicas[0]!, replicas[1]!);
  await Promise.all(acknowledged);
  expect(read === 1, "what was confirmed is not read");
};

/** A page is fetched by offset while rows come in before it. */
const pagination: Program = async (sim, mended) => {
  let rows = [3, 2, 1];
  const seen: number[] = [];
  async function list(): Promise<void> {
    let last = Infinity;
    for (let offset = 0;; offset++) {
      await sim.io(`page ${offset}`);
      const row = mended ? rows.find((id) => id < last) : rows[offset];
      if (row === undefined) return;
      expect(!seen.includes(row), `row ${row} is listed twice`);
      seen.push(row);
      last = row;
    }
  }
  async function insert(): Promise<void> {
    await sim.io("transaction");
    await sim.io("insert");
    rows = [4, ...rows];
  }
  await both(list, insert);
};

/** Requests wait for a token; the second renewal empties the list of those that came meanwhile. */
const renewalQueue: Program = async (sim, mended) => {
  let waiting: (() => void)[] = [];
  let renewing = false;
  let answered = 0;
  async function renew(): Promise<void> {
    if (mended && renewing) return;
    if (!mended) waiting = waiting.slice(-1);
    renewing = true;
    await sim.io("token");
    renewing = false;
    for (const wake of waiting.splice(0)) wake();
  }
  async function request(name: string): Promise<void> {
    await sim.io(`request of ${name}`);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      void renew();
    });
    answered++;
  }
  void both(() => request("ann"), () => request("bob"));
  for (let round = 0; round < 2; round++) await sim.allBlocked();
  expect(answered === 2, `${2 - answered} requests are never answered`);
};

/** All of them. */
export const serviceRaces: readonly RaceEntry[] = [
  ["change during a save", 0, dirtyFlag],
  ["gap between snapshot and subscription", 0, snapshotGap],
  ["lease that runs out", 1, leaseExpires],
  ["message delivered twice", 0, idempotency],
  ["write tried again", 1, retriedWrite],
  ["failure that is kept", 1, cachedFailure],
  ["overdraft", 0, overdraft],
  ["versions over two connections", 1, versions],
  ["stale quorum", 2, staleQuorum],
  ["pages by offset", 0, pagination],
  ["queue of a renewal", 0, renewalQueue],
];
