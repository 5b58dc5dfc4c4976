/**
 * Races like those that were reported of libraries: streams, sockets, files, pools. None was looked at while the search was
 * written.
 *
 * @module
 */

import { Mutex } from "../mutex.ts";
import { both, Emitter, expect, type Program, type RaceEntry } from "./race.ts";

/** Rows refer to strings of another entry of the archive; a library emits again what it reads of both. */
const reemittedStreams: Program = async (sim, mended) => {
  const library = new Emitter();
  const strings: string[] = [];
  const cells: (string | undefined)[] = [];
  let stringsRead: () => void;
  const allStrings = new Promise<void>((resolve) => stringsRead = resolve);
  library.on("string", () => strings.push("text"));
  library.on("strings end", () => stringsRead());
  library.on("cell", async () => {
    if (mended) await allStrings;
    cells.push(strings[0]);
  });
  async function entry(name: string, event: string): Promise<void> {
    await sim.io(`chunk of ${name}`);
    library.emit(event);
    library.emit(`${name} end`);
  }
  await both(() => entry("strings", "string"), () => entry("sheet", "cell"));
  await sim.allBlocked();
  expect(cells[0] === "text", `a cell reads ${cells[0]}`);
};

/** What is appended while the file is written anew is lost with the old file. */
const compaction: Program = async (sim, mended) => {
  const mutex = new Mutex();
  let file = ["one"];
  async function compact(): Promise<void> {
    const copy = [...file];
    await sim.io("the copy is written");
    file = copy;
  }
  async function insert(): Promise<void> {
    await sim.io("a document comes");
    const append = async () => {
      file.push("two");
      await sim.io("the append is flushed");
    };
    await (mended ? mutex.run(append) : append());
  }
  await both(() => mended ? mutex.run(compact) : compact(), insert);
  expect(file.includes("two"), "a document is lost by the compaction");
};

/** A file changes before the page's socket is open. */
const reloadBeforeOpen: Program = async (sim, mended) => {
  let open = false;
  let pending = false;
  let reloads = 0;
  const reload = () => {
    if (open) reloads++;
    else if (mended) pending = true;
  };
  await both(
    () =>
      sim.io("the socket opens").then(() => {
        open = true;
        if (pending) reload();
      }),
    () => sim.io("the file changes").then(reload),
  );
  expect(reloads === 1, "the page is not loaded anew");
};

/** The client leaves while it is being let in, and is kept in the list for ever. */
const leavesDuringHandshake: Program = async (sim, mended) => {
  const connected = new Set<string>();
  let closed = false;
  async function handshake(): Promise<void> {
    await sim.io("packet");
    await sim.io("the middleware ends");
    if (!mended || !closed) connected.add("client");
  }
  async function leave(): Promise<void> {
    await sim.io("the transport closes");
    closed = true;
    connected.delete("client");
  }
  await both(handshake, leave);
  expect(connected.size === 0, "a client that has left is listed");
};

/** A subscription is taken back before it has been made. */
const unsubscribeFirst: Program = async (sim, mended) => {
  const subscribers = new Set<string>();
  let wanted = true;
  async function subscribe(): Promise<void> {
    await sim.io("authorisation");
    await sim.io("the filter is compiled");
    if (wanted || !mended) subscribers.add("socket");
  }
  async function close(): Promise<void> {
    await sim.io("navigation");
    await sim.io("close frame");
    wanted = false;
    subscribers.delete("socket");
  }
  await both(subscribe, close);
  expect(subscribers.size === 0, "a closed socket is subscribed");
};

/** The log is rotated between the choice of a file and the write. */
const logRotation: Program = async (sim, mended) => {
  const mutex = new Mutex();
  let current = { name: "log.1", ended: false };
  async function write(line: number): Promise<void> {
    const file = current;
    await sim.io(`stat for line ${line}`);
    expect(!file.ended, `line ${line}: write after end`);
  }
  async function rotate(): Promise<void> {
    await sim.io("the size is read");
    current.ended = true;
    current = { name: "log.2", ended: false };
  }
  const exclusive = (fn: () => Promise<void>) => mended ? mutex.run(fn) : fn();
  await both(() => exclusive(() => write(1)), () => exclusive(rotate));
};

/** Settings of the one run are used by the other. */
const sharedConfiguration: Program = async (sim, mended) => {
  const shared: { rules?: string } = {};
  async function lint(file: string): Promise<void> {
    const config = mended ? {} as typeof shared : shared;
    await sim.io(`configuration of ${file}`);
    config.rules = file;
    await sim.io(`text of ${file}`);
    expect(config.rules === file, `${file} is judged by the rules of ${config.rules}`);
  }
  await both(() => lint("a"), () => lint("b"));
};

/** The answer goes out when the last of the list has come, not when all have. */
const lastOfList: Program = async (sim, mended) => {
  const names = ["admin", "local", "users"];
  const collections = new Map<string, number>();
  const answered = await new Promise<number>((resolve) => {
    names.forEach(async (name, index) => {
      await sim.io(`collections of ${name}`);
      collections.set(name, index);
      const isOver = mended ? collections.size === names.length : index === names.length - 1;
      if (isOver) resolve(collections.size);
    });
  });
  await sim.allBlocked();
  expect(answered === names.length, `${answered} databases are shown`);
};

/** Error and close each end the transfer. */
const endedTwice: Program = async (sim, mended) => {
  let calls = 0;
  const end = () => {
    if (!mended || calls === 0) calls++;
  };
  const transfer = new Emitter();
  transfer.on("error", end);
  transfer.on("end", end);
  async function socket(): Promise<void> {
    await sim.io("last byte");
    if (calls === 0) transfer.emit("end");
  }
  async function reset(): Promise<void> {
    await sim.io("segment");
    await sim.io("reset");
    transfer.emit("error");
  }
  // The reset of a connection whose transfer has ended is no concern of anybody: it is listened to all the same.
  await both(reset, socket);
  expect(calls === 1, `the callback is called ${calls} times`);
};

/** Closed while it opens: what has opened then is never closed. */
const closedWhileOpening: Program = async (sim, mended) => {
  let handle: object | undefined;
  let closed = false;
  let opened = 0;
  async function open(): Promise<void> {
    await sim.io("open");
    opened++;
    handle = {};
    if (mended && closed) release();
  }
  function release(): void {
    if (handle === undefined) return;
    handle = undefined;
    opened--;
  }
  async function close(): Promise<void> {
    await sim.io("close is asked for");
    closed = true;
    release();
  }
  await both(open, close);
  expect(opened === 0, "a handle is open for ever");
};

/** All of them. */
export const libraryRaces: readonly RaceEntry[] = [
  ["streams that a library emits again", 1, reemittedStreams],
  ["append during compaction", 1, compaction],
  ["reload before the socket is open", 1, reloadBeforeOpen],
  ["client that leaves during the handshake", 0, leavesDuringHandshake],
  ["unsubscribed before subscribed", 1, unsubscribeFirst],
  ["log rotation", 1, logRotation],
  ["shared configuration", 0, sharedConfiguration],
  ["last of a list", 1, lastOfList],
  ["ended twice", 0, endedTwice],
  ["closed while opening", 1, closedWhileOpening],
];
