/**
 * Races over state that is read, and written after a wait.
 *
 * @module
 */

import { Mutex } from "../mutex.ts";
import { both, expect, type Program, type RaceEntry } from "./race.ts";

const lostUpdate: Program = async (sim, mended) => {
  const mutex = new Mutex();
  let value = 0;
  async function increment(name: string): Promise<void> {
    await sim.io(`read ${name}`);
    const read = value;
    await sim.io(`write ${name}`);
    value = read + 1;
  }
  const run = (name: string) => mended ? mutex.run(() => increment(name)) : increment(name);
  await both(() => run("a"), () => run("b"));
  expect(value === 2, `the counter is ${value} after two increments`);
};

const checkThenAct: Program = async (sim, mended) => {
  const mutex = new Mutex();
  const taken = new Set<number>();
  async function getPort(name: string): Promise<void> {
    for (let port = 1;; port++) {
      await sim.io(`probe ${port} for ${name}`);
      if (taken.has(port)) continue;
      await sim.io(`listen on ${port} for ${name}`);
      expect(!taken.has(port), `port ${port} is taken twice`);
      return void taken.add(port);
    }
  }
  const run = (name: string) => mended ? mutex.run(() => getPort(name)) : getPort(name);
  await both(() => run("a"), () => run("b"), () => run("c"));
};

const staleResponse: Program = async (sim, mended) => {
  let shown = "";
  let last = 0;
  async function type(text: string): Promise<void> {
    const number = ++last;
    await sim.io(`response to ${text}`);
    if (!mended || number === last) shown = text;
  }
  await both(() => type("a"), () => type("ab"), () => type("abc"));
  expect(shown === "abc", `"${shown}" is shown`);
};

const countedEntries: Program = async (sim, mended) => {
  let entries = 0;
  let done = 0;
  let finalized = false;
  const check = () => finalized ||= done === entries;
  async function add(name: string, exists: boolean): Promise<void> {
    entries++;
    await sim.io(`stat ${name}`);
    if (!exists) {
      entries--;
      if (mended) check();
      return;
    }
    await sim.io(`read ${name}`);
    done++;
    check();
  }
  await both(() => add("missing", false), () => add("a", true));
  expect(finalized, "the archive is never finalized");
};

const crawler: Program = async (sim, mended) => {
  const queue = ["/"];
  let open = 0;
  let fetched = 0;
  await new Promise<void>((resolve) => {
    const interval = setInterval(() => {
      const url = queue.shift();
      if (url !== undefined) return void fetchPage(url);
      if (open > 0) return;
      clearInterval(interval);
      resolve();
    }, 10);
    async function fetchPage(url: string): Promise<void> {
      open++;
      await sim.io(`body of ${url}`);
      fetched++;
      if (!mended) open--;
      await sim.io(`links of ${url}`);
      if (url === "/") queue.push("/next");
      if (mended) open--;
    }
  });
  await sim.allBlocked();
  expect(fetched === 2, `the crawl ended after ${fetched} of 2 pages`);
};

const tokenRefresh: Program = async (sim, mended) => {
  let valid = 1;
  let token = 0;
  let refreshing: Promise<void> | undefined;
  async function refresh(name: string, used: number): Promise<void> {
    await sim.io(`refresh for ${name}`);
    expect(used === valid - 1, "a refresh token is used twice");
    token = valid++;
  }
  async function request(name: string): Promise<void> {
    await sim.io(`401 for ${name}`);
    if (!mended) await refresh(name, token);
    else await (refreshing ??= refresh(name, token));
    await sim.io(`200 for ${name}`);
  }
  await both(() => request("a"), () => request("b"));
};

const keepAlive: Program = async (sim, mended) => {
  let state: "idle" | "destroyed" | "busy" = "idle";
  const pool = ["socket"];
  let broken = false;
  await new Promise<void>((resolve) => {
    setTimeout(async () => {
      if (state === "busy") return resolve();
      state = "destroyed";
      if (mended) pool.pop();
      await sim.io("close");
      pool.pop();
      resolve();
    }, 100);
    void sim.io("request arrives").then(() => {
      const socket = pool.pop();
      if (socket === undefined) return;
      if (state === "idle") state = "busy";
      else broken = true;
    });
  });
  await sim.allBlocked();
  expect(!broken, "a request is sent on a socket that is being closed");
};

const cacheInvalidate: Program = async (sim, mended) => {
  let stored = 1;
  let version = 0;
  const cache = new Map<string, number>();
  async function read(): Promise<void> {
    const before = version;
    await sim.io("the database is read");
    const value = stored;
    await sim.io("the reply arrives");
    if (!mended || before === version) cache.set("key", value);
  }
  async function write(): Promise<void> {
    await sim.io("the database is written");
    stored = 2;
    version++;
    cache.delete("key");
  }
  await both(read, write);
  expect((cache.get("key") ?? stored) === stored, "the cache keeps an old value");
};

const poolLeak: Program = async (sim, mended) => {
  let connected = 0;
  let released = 0;
  async function connect(): Promise<void> {
    await sim.io("connect");
    connected++;
  }
  let timedOut = false;
  const connection = connect().then(() => {
    if (timedOut && mended) released++;
  });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      timedOut = true;
      resolve();
    }, 1000);
    void connection.then(() => {
      if (timedOut) return;
      clearTimeout(timer);
      released++;
      resolve();
    });
  });
  await connection;
  expect(connected === released, "a connection that came after the timeout is never released");
};

/** All of them. */
export const stateRaces: readonly RaceEntry[] = [
  ["lost update", 0, lostUpdate],
  ["check, then act", 0, checkThenAct],
  ["stale response", 1, staleResponse],
  ["counted entries", 1, countedEntries],
  ["crawler that stops early", 1, crawler],
  ["token refresh", 0, tokenRefresh],
  ["keep-alive socket", 1, keepAlive],
  ["cache invalidation", 0, cacheInvalidate],
  ["pool leak", 1, poolLeak],
];
