/**
 * Races that people found in released packages, each as a test of the package would look. What a program waits for it asks of `world`:
 * `io(label)` is an operation, `stream(bytes)` a stream in which they come.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Of two reads of the storage the one that comes last wins, not the one that was asked for last. */
const zustand = {
  name: "zustand",
  versions: ["5.0.9", "5.0.10"],
  load: async (which) => ({
    ...await import(`zustand-${which}/vanilla`),
    ...await import(`zustand-${which}/middleware`),
  }),
  async body({ createStore, persist }, world) {
    let stored = 1;
    const storage = {
      async getItem() {
        const state = { count: stored };
        await world.io("read the storage");
        return { state, version: 0 };
      },
      setItem() {},
      removeItem() {},
    };
    const store = createStore(persist(() => ({ count: 0 }), { name: "counter", storage, skipHydration: true }));
    const first = store.persist.rehydrate();
    stored = 2;
    await Promise.all([first, store.persist.rehydrate()]);
    assert.equal(store.getState().count, 2);
  },
  lines: ['"read the storage" (number 1) is held back until "read the storage" (number 2) has come'],
};

/** A page that leaves and comes back while its data is fetched is told that nothing is fetched. */
const query = {
  name: "@tanstack/query-core",
  versions: ["5.85.5", "5.85.6"],
  load: (which) => import(`query-${which}`),
  async body({ QueryClient, QueryObserver }, world) {
    const client = new QueryClient();
    const fetches = [];
    const fetchUser = async (signal) => {
      await world.io("fetch the user");
      signal.throwIfAborted();
      return "Ada";
    };
    const observer = new QueryObserver(client, {
      queryKey: ["user"],
      retry: false,
      gcTime: Infinity,
      queryFn({ signal }) {
        const fetched = fetchUser(signal);
        fetches.push(fetched);
        return fetched;
      },
    });
    const seen = [];
    observer.subscribe(() => {})();
    const leave = observer.subscribe(({ status, fetchStatus }) => seen.push(`${status}, ${fetchStatus}`));
    await Promise.allSettled(fetches);
    leave();
    client.clear();
    assert.ok(!seen.includes("pending, idle"), seen.join("; "));
  },
  lines: ["everything comes in the order of its arrival"],
};

/** Of two changes of the language the one whose texts come last wins. */
const i18next = {
  name: "i18next",
  versions: ["20.2.2", "27.1.5"],
  load: async (which) => (await import(`i18next-${which}`)).default,
  async body(i18next, world) {
    const backend = {
      type: "backend",
      init() {},
      read(language, _namespace, callback) {
        world.io(`load ${language}`).then(() => callback(null, { hello: language }));
      },
    };
    const i18n = i18next.createInstance().use(backend);
    await i18n.init({ lng: "en", fallbackLng: false, showSupportNotice: false });
    await Promise.all([i18n.changeLanguage("de"), i18n.changeLanguage("fr")]);
    assert.equal(i18n.language, "fr");
  },
  lines: ['"load de" is held back until "load fr" has come'],
};

/** A client that subscribes as soon as it is acknowledged, while the acknowledgement is still being sent, is thrown out. */
const graphqlWs = {
  name: "graphql-ws",
  versions: ["5.14.0", "5.14.1"],
  load: (which) => require(`graphql-ws-${which}`),
  async body({ makeServer }, world) {
    let closed;
    let receive;
    let subscribed;
    const client = {
      protocol: "graphql-transport-ws",
      onMessage: (listener) => receive = listener,
      close: (code, reason) => closed ??= `${code} ${reason}`,
      async send(text) {
        if (JSON.parse(text).type === "connection_ack") subscribed = subscribe();
        await world.io("the acknowledgement is flushed");
      },
    };
    async function subscribe() {
      await world.io("the client subscribes");
      await receive(JSON.stringify({ id: "1", type: "subscribe", payload: { query: "{ hello }" } }));
    }
    const operation = { kind: "OperationDefinition", operation: "query" };
    const onSubscribe = () => ({ schema: {}, document: { kind: "Document", definitions: [operation] } });
    const server = makeServer({ onSubscribe, execute: () => ({ data: {} }), connectionInitWaitTimeout: 0 });
    server.opened(client, {});
    await receive(JSON.stringify({ type: "connection_init" }));
    await subscribed;
    assert.equal(closed, undefined);
  },
  lines: ["everything comes in the order of its arrival"],
};

/** Two processes that find a stale lock at once can both get it. */
const lockfile = {
  name: "proper-lockfile",
  versions: ["4.1.2"],
  load(which) {
    const path = require.resolve(`proper-lockfile-${which}/lib/lockfile.js`);
    // Each process has the module for itself.
    return [1, 2].map(() => {
      delete require.cache[path];
      return require(path);
    });
  },
  async body(processes, world) {
    const folders = new Map([["/db.lock", new Date(Date.now() - 60_000)]]);
    const calls = new Set();
    const fail = (code) => {
      throw Object.assign(new Error(code), { code });
    };
    const call = (label, act) => (path, ...rest) => {
      const callback = rest.pop();
      const ended = world.io(label).then(() => {
        calls.delete(ended);
        try {
          callback(null, act(path, ...rest));
        } catch (error) {
          callback(error);
        }
      });
      calls.add(ended);
    };
    const fs = (name) => ({
      mkdir: call(`${name}: mkdir`, (path) => folders.has(path) ? fail("EEXIST") : void folders.set(path, new Date())),
      rmdir: call(`${name}: rmdir`, (path) => folders.delete(path) ? undefined : fail("ENOENT")),
      stat: call(`${name}: stat`, (path) => folders.has(path) ? { mtime: folders.get(path) } : fail("ENOENT")),
      utimes: call(`${name}: utimes`, (path, _atime, mtime) => void folders.set(path, new Date(mtime))),
    });
    const attempts = processes.map((lockfile, index) => {
      const options = { realpath: false, stale: 5000, fs: fs(`process ${index + 1}`), onCompromised() {} };
      return new Promise((resolve) =>
        lockfile.lock("/db", options, (error, release) => resolve(error ? undefined : release))
      );
    });
    const releases = (await Promise.all(attempts)).filter((release) => release !== undefined);
    await Promise.all(releases.map((release) => new Promise((resolve) => release(resolve))));
    while (calls.size > 0) await Promise.all(calls);
    assert.equal(releases.length, 1);
  },
  lines: ['"process 1: rmdir" (number 1) is held back until "process 2: stat" (number 2) has come'],
};

/** An event whose lines end with CR LF comes in two pieces, the cut between the two characters. */
const eventsource = {
  name: "eventsource-parser",
  versions: ["3.0.0", "4.1.3"],
  load: (which) => import(`eventsource-parser-${which}`),
  async body({ createParser }, world) {
    const events = [];
    const parser = createParser({ onEvent: ({ data }) => events.push(data) });
    const bytes = world.stream(new TextEncoder().encode("data: one\r\ndata: two\r\n\r\n"));
    for await (const text of bytes.pipeThrough(new TextDecoderStream())) parser.feed(text);
    assert.deepEqual(events, ["one\ntwo"]);
  },
  lines: ["the first 10 of the bytes of stream come alone"],
};

/** A character of two bytes comes in two pieces. */
const openai = {
  name: "openai",
  versions: ["4.28.0", "4.104.0"],
  load: (which) => require(`openai-${which}/streaming`),
  async body({ Stream }, world) {
    const bytes = world.stream(new TextEncoder().encode('data: {"text":"café"}\n\n'));
    const stream = Stream.fromSSEResponse(new Response(bytes), new AbortController());
    for await (const { text } of stream) assert.equal(text, "café");
  },
  lines: ["the first 19 of the bytes of stream come alone"],
};

/** With the schedule that each affected version fails under, in its own words. */
export const programs = [zustand, query, i18next, graphqlWs, lockfile, eventsource, openai];
