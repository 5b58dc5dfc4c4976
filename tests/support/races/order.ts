/**
 * Races over the order in which things begin, end and are told.
 *
 * @module
 */

import { Mutex } from "../mutex.ts";
import { both, Emitter, expect, type Program, type RaceEntry } from "./race.ts";

const onceLost: Program = async (sim, mended) => {
  const events = new Emitter();
  let ended = false;
  async function consumer(): Promise<void> {
    const bar = events.once("bar");
    const foo = mended ? events.once("foo") : undefined;
    await bar;
    await sim.io("work between");
    await (foo ?? events.once("foo"));
    ended = true;
  }
  async function producer(): Promise<void> {
    events.emit("bar");
    await sim.io("the other side answers");
    events.emit("foo");
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

const delGlob: Program = async (sim, mended) => {
  const files = new Set(["a", "b"]);
  async function del(name: string): Promise<void> {
    await sim.io(`glob for ${name}`);
    for (const file of [...files]) {
      await sim.io(`unlink ${file} for ${name}`);
      expect(files.delete(file) || mended, `ENOENT: ${file}`);
    }
  }
  await both(() => del("x"), () => del("y"));
};

const queueAbort: Program = async (sim, mended) => {
  const waiting: { name: string; aborted: boolean }[] = [];
  const done: string[] = [];
  let running = 0;
  async function next(): Promise<void> {
    const job = waiting.shift();
    if (job === undefined) return;
    if (job.aborted) return mended ? next() : undefined;
    running++;
    await sim.io(`work of ${job.name}`);
    running--;
    done.push(job.name);
    await next();
  }
  async function add(name: string): Promise<void> {
    waiting.push({ name, aborted: false });
    if (running === 0) await next();
  }
  async function abort(): Promise<void> {
    await sim.io("the second is given up");
    for (const job of waiting) if (job.name === "second") job.aborted = true;
  }
  await both(() => add("first"), () => add("second"), () => add("third"), abort);
  expect(done.includes("third"), "the queue stands still");
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

/** All of them. */
export const orderRaces: readonly RaceEntry[] = [
  ["event lost between two once()", 0, onceLost],
  ["interval that overlaps", 1, intervalOverlap],
  ["use after close", 1, useAfterClose],
  ["zombie write", 0, zombieWrite],
  ["mkdir -p", 0, mkdirp],
  ["deletion by pattern", 0, delGlob],
  ["cache stampede", 0, stampede],
  ["lazy initialisation", 0, lazyInit],
  ["global setting", 0, globalSetting],
  ["aborted entry of a queue", 1, queueAbort],
  ["lock order", 0, lockOrder],
  ["reader and writer", 0, readerWriter],
  ["timeout against completion", 1, timeoutAgainstCompletion],
  ...[4, 8, 16, 32].map((steps): RaceEntry => [`held back for ${steps} steps`, 1, slow(steps)]),
];
