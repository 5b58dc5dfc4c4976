/**
 * Small programs with the races that are found in the trackers of real projects, each with a twin in which it is mended.
 *
 * @module
 */

import { Mutex } from "./mutex.ts";
import type { Simulation } from "../../testing.ts";

/** A race. */
export interface RaceProgram {
  readonly name: string;
  /** Fails under some schedules. */
  readonly broken: (sim: Simulation) => Promise<void>;
  /** Passes under all. */
  readonly mended: (sim: Simulation) => Promise<void>;
}

/** The same program, broken or mended. */
type Program = (sim: Simulation, mended: boolean) => Promise<void>;

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const both = (...actors: (() => Promise<void>)[]): Promise<unknown> => Promise.all(actors.map((actor) => actor()));

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
  await both(() => run("a"), () => run("b"));
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

const onceLost: Program = async (sim, mended) => {
  const target = new EventTarget();
  const once = (name: string) =>
    new Promise<void>((resolve) => target.addEventListener(name, () => resolve(), { once: true }));
  let ended = false;
  async function consumer(): Promise<void> {
    const bar = once("bar");
    const foo = mended ? once("foo") : undefined;
    await bar;
    await sim.io("work between");
    await (foo ?? once("foo"));
    ended = true;
  }
  async function producer(): Promise<void> {
    target.dispatchEvent(new Event("bar"));
    await sim.io("the other side answers");
    target.dispatchEvent(new Event("foo"));
  }
  void consumer();
  await producer();
  await sim.allBlocked();
  expect(ended, "an event came before anybody listened");
};

const intervalOverlap: Program = async (sim, mended) => {
  let running = 0;
  let rounds = 0;
  await new Promise<void>((resolve, reject) => {
    let pending = 0;
    const interval = setInterval(async () => {
      if (rounds >= 3) {
        clearInterval(interval);
        if (pending === 0) resolve();
        return;
      }
      if (mended && running > 0) return;
      rounds++;
      if (++running > 1) reject(new Error("the work overlaps with itself"));
      pending++;
      await sim.io(`work ${rounds}`);
      running--;
      if (--pending === 0 && rounds >= 3) {
        clearInterval(interval);
        resolve();
      }
    }, 50);
  });
};

const useAfterClose: Program = async (sim, mended) => {
  let open = true;
  let users = 0;
  const idle: (() => void)[] = [];
  async function handler(): Promise<void> {
    users++;
    for (const query of ["first query", "second query"]) {
      expect(open, `the ${query} comes after the connection was closed`);
      await sim.io(query);
    }
    if (--users === 0) idle.splice(0).forEach((wake) => wake());
  }
  async function shutdown(): Promise<void> {
    await sim.io("the signal comes");
    if (mended && users > 0) await new Promise<void>((resolve) => idle.push(resolve));
    open = false;
  }
  await both(handler, shutdown);
};

const zombieWrite: Program = async (sim, mended) => {
  let rolledBack = false;
  async function failing(): Promise<void> {
    await sim.io("the first insert");
    throw new Error("constraint violated");
  }
  async function writing(): Promise<void> {
    await sim.io("the second insert");
    expect(!rolledBack, "a write comes after the rollback");
  }
  const writes = [failing(), writing()];
  try {
    if (mended) {
      const results = await Promise.allSettled(writes);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    } else {
      await Promise.all(writes);
    }
  } catch {
    rolledBack = true;
  }
  await writes[1];
};

const mkdirp: Program = async (sim, mended) => {
  const folders = new Set<string>();
  async function mkdir(path: string, name: string): Promise<void> {
    await sim.io(`mkdir ${path} for ${name}`);
    if (folders.has(path)) throw Object.assign(new Error(`${path} exists`), { code: "EEXIST" });
    folders.add(path);
  }
  async function make(name: string): Promise<void> {
    for (const path of ["/a", "/a/b"]) {
      await sim.io(`stat ${path} for ${name}`);
      if (folders.has(path)) continue;
      await mkdir(path, name).catch((error) => {
        if (!mended || error.code !== "EEXIST") throw error;
      });
    }
  }
  await both(() => make("x"), () => make("y"));
};

const stampede: Program = async (sim, mended) => {
  let fetches = 0;
  const cache = new Map<string, number>();
  let loading: Promise<number> | undefined;
  async function load(name: string): Promise<number> {
    fetches++;
    await sim.io(`fetch for ${name}`);
    cache.set("key", 1);
    return 1;
  }
  async function get(name: string): Promise<void> {
    await sim.io(`look up for ${name}`);
    if (cache.has("key")) return;
    if (mended) await (loading ??= load(name));
    else await load(name);
  }
  await both(() => get("a"), () => get("b"));
  expect(fetches === 1, `the value is fetched ${fetches} times`);
};

const lazyInit: Program = async (sim, mended) => {
  let connection: object | undefined;
  let connecting: Promise<object> | undefined;
  const made: object[] = [];
  async function connect(name: string): Promise<object> {
    await sim.io(`connect for ${name}`);
    const made1 = {};
    made.push(made1);
    return made1;
  }
  async function query(name: string): Promise<void> {
    await sim.io(`request of ${name}`);
    if (mended) connection = await (connecting ??= connect(name));
    else if (connection === undefined) connection = await connect(name);
  }
  await both(() => query("a"), () => query("b"));
  expect(made.length === 1, `${made.length} connections are made`);
};

const globalSetting: Program = async (sim, mended) => {
  let current = "";
  async function handle(user: string): Promise<void> {
    const own = user;
    current = user;
    await sim.io(`the session of ${user}`);
    expect((mended ? own : current) === user, `${user} is answered as ${current}`);
  }
  await both(() => handle("ann"), () => handle("bob"));
};

const lockOrder: Program = async (sim, mended) => {
  const [first, second] = [new Mutex(), new Mutex()];
  async function transfer(name: string, from: Mutex, to: Mutex): Promise<void> {
    await from.run(async () => {
      await sim.io(`debit by ${name}`);
      await to.run(() => sim.io(`credit by ${name}`));
    });
  }
  await both(
    () => transfer("ann", first, second),
    () => mended ? transfer("bob", first, second) : transfer("bob", second, first),
  );
};

const readerWriter: Program = async (sim, mended) => {
  const mutex = new Mutex();
  let [first, second] = [0, 0];
  async function write(): Promise<void> {
    await sim.io("the writer begins");
    first = 1;
    await sim.io("the first half is written");
    second = 1;
  }
  async function read(): Promise<void> {
    await sim.io("the reader begins");
    expect(first === second, `the reader sees ${first} and ${second}`);
  }
  await both(() => mended ? mutex.run(write) : write(), () => mended ? mutex.run(read) : read());
};

const timeoutAgainstCompletion: Program = async (sim, mended) => {
  let answers = 0;
  let over = false;
  const answer = () => {
    if (mended && over) return;
    over = true;
    answers++;
  };
  await new Promise<void>((resolve) => {
    const timer = setTimeout(answer, 100);
    void sim.io("response").then(() => {
      // Does not take the timer back in all cases: it may have fired.
      clearTimeout(timer);
      answer();
      resolve();
    });
  });
  expect(answers === 1, `the request is answered ${answers} times`);
};

/** One operation has to stay out past `steps` of another task. */
const slow = (steps: number): Program => async (sim, mended) => {
  let taken = 0;
  async function other(): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await sim.io("step");
      taken++;
    }
  }
  async function held(): Promise<void> {
    await sim.io("slow");
    expect(mended || taken < steps, `the slow one comes after ${steps} steps`);
  }
  await both(held, other);
};

const programs: [string, Program][] = [
  ["lost update", lostUpdate],
  ["check, then act", checkThenAct],
  ["stale response", staleResponse],
  ["counted entries", countedEntries],
  ["crawler that stops early", crawler],
  ["token refresh", tokenRefresh],
  ["keep-alive socket", keepAlive],
  ["cache invalidation", cacheInvalidate],
  ["pool leak", poolLeak],
  ["event lost between two once()", onceLost],
  ["interval that overlaps", intervalOverlap],
  ["use after close", useAfterClose],
  ["zombie write", zombieWrite],
  ["mkdir -p", mkdirp],
  ["cache stampede", stampede],
  ["lazy initialisation", lazyInit],
  ["global setting", globalSetting],
  ["lock order", lockOrder],
  ["reader and writer", readerWriter],
  ["timeout against completion", timeoutAgainstCompletion],
  ["held back for 8 steps", slow(8)],
  ["held back for 32 steps", slow(32)],
];

/** All of them. */
export const racePrograms: readonly RaceProgram[] = programs.map(([name, program]) => ({
  name,
  broken: (sim) => program(sim, false),
  mended: (sim) => program(sim, true),
}));
