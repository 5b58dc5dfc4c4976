/** What takes a signal in io/, or waits in a scope that does, sixteen times on one signal. */

import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import {
  connect,
  createTask,
  exec,
  gather,
  listen,
  openBytes,
  readBytes,
  readFrames,
  readLines,
  runUntilComplete,
  serve,
  serveTcp,
  signals,
  walk,
  watch,
  writeFile,
  writeFrame,
} from "../../../io/mod.ts";
import { CancelScope, group, sleep } from "../../../mod.ts";
import { collect } from "../../support/chunks.ts";
import { withFolder } from "../../support/folder.ts";
import { latch } from "../../support/latch.ts";
import { pair } from "../../support/net.ts";
import { inScope, once, type Operation, runOnOneSignal } from "../../support/shared_signal.ts";

/** A folder with a small file, a long one, and a folder in a folder. */
interface Place {
  readonly folder: string;
  readonly small: string;
  readonly long: string;
  /** The port of a server that takes connections, and never says anything. */
  readonly silentPort: number;
}

async function withPlace(body: (place: Place) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const [small, long] = [join(folder, "small"), join(folder, "long")];
    writeFileSync(small, "a\nb\n");
    writeFileSync(long, `a\n${"b".repeat(200_000)}\n`);
    mkdirSync(join(folder, "inner", "deep"), { recursive: true });
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await body({ folder, small, long, silentPort: (server.address() as { port: number }).port });
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });
}

async function* thenSilence(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1);
  await new Promise(() => {});
}

let written = 0;

const kinds: Record<string, (place: Place) => Operation> = {
  "programs that are being started": () => ({
    ends: (signal) => exec("true", [], { signal }),
    hangs: (signal) => () => exec("sleep", ["600"], { signal }),
  }),
  "programs that run": () => ({
    ends: (signal) => exec("false", [], { signal }).catch(() => {}),
    hangs: (signal) => once((up) => exec("sh", ["-c", "echo up; exec sleep 600"], { signal, stdout: () => up() })),
  }),
  "calls of connect": ({ silentPort }) => ({
    ends: async (signal) => (await connect({ port: silentPort, signal })).close(),
    // A handshake that nobody answers.
    hangs: (signal) => () => connect({ port: silentPort, tls: { verify: false }, signal }),
  }),
  "calls of readBytes": ({ small, long }) => ({
    ends: (signal) => readBytes(small, { signal }),
    hangs: (signal) => () => readBytes(long, { signal }),
  }),
  "bounded calls of readBytes": ({ small, long }) => ({
    ends: (signal) => readBytes(small, { signal, maxBytes: 1 }).catch(() => {}),
    hangs: (signal) => () => readBytes(long, { signal, maxBytes: 1e6 }),
  }),
  "calls of openBytes": ({ small, long }) => ({
    ends: (signal) => collect(openBytes(small, { signal })),
    async hangs(signal) {
      const chunks = openBytes(long, { signal });
      await chunks.next();
      return () => chunks.next();
    },
  }),
  "calls of readLines": ({ small, long }) => ({
    ends: (signal) => collect(readLines(small, { signal })),
    async hangs(signal) {
      const lines = readLines(long, { signal });
      await lines.next();
      return () => lines.next();
    },
  }),
  "calls of writeFile": ({ folder }) => ({
    ends: (signal) => writeFile(join(folder, `${++written}`), "text", { signal }),
    hangs: (signal) => () => group(() => writeFile(join(folder, `${++written}`), thenSilence(), { signal })),
  }),
  "atomic calls of writeFile": ({ folder }) => ({
    ends: (signal) => writeFile(join(folder, `${++written}`), "text", { signal, atomic: true }),
    hangs: (signal) => () =>
      // Which ends only when the file that was begun is gone.
      group(() => writeFile(join(folder, `${++written}`), thenSilence(), { signal, atomic: true })),
  }),
  "walks": ({ folder }) => ({
    ends: (signal) => collect(walk(folder, { signal })),
    async hangs(signal) {
      const entries = walk(folder, { signal, skip: ({ name }) => name === "deep" });
      for (let found = await entries.next(); !found.done; found = await entries.next()) {
        if (found.value.name === "small") return () => entries.next();
      }
      throw new Error("The file was not found");
    },
  }),
  "watches": ({ folder, small }) => ({
    async ends(signal) {
      await watch(folder, { signal }).return!();
      await collect(watch(join(folder, "none"), { signal })).catch(() => {});
    },
    hangs(signal) {
      const changes = watch(small, { signal });
      return () => changes.next();
    },
  }),
  "listeners that wait for a client": () =>
    inScope(() => listen().then((it) => it.close()), async (here) => {
      await using listener = await listen();
      here();
      await listener.accept();
    }),
  "servers of TCP": () =>
    inScope(async () => {
      const listening = latch();
      const scope = new CancelScope();
      const serving = scope.run(() => serveTcp(() => {}, { onListen: () => listening.open() }));
      await listening.promise;
      scope.cancel();
      await serving;
    }, (here) => serveTcp(() => {}, { onListen: here })),
  "connections that are read": () =>
    inScope(
      () => pair(async (a, b) => void await Promise.all([a.write("hello"), b.read()])),
      (here) =>
        pair(async (a) => {
          here();
          await a.read();
        }),
    ),
  "readers of frames": () =>
    inScope(
      () =>
        pair(async (a, b) => {
          await writeFrame(a, "hello");
          a.end();
          await collect(readFrames(b));
        }),
      (here) =>
        pair(async (a) => {
          here();
          await collect(readFrames(a));
        }),
    ),
  "groups with a server of HTTP": () => ({
    ends: (signal) => group(async () => (await serve(() => new Response())).drain(), { signal }),
    hangs: (signal) => once((here) => group(() => serve(() => new Response()).then(here), { signal })),
  }),
  "loops over signals": () =>
    inScope(async () => void await signals(["SIGWINCH"]).return!(), (here) => {
      here();
      return signals(["SIGWINCH"]).next();
    }),
  "loops of asyncio's kind": () =>
    inScope(
      () => runUntilComplete(() => gather([() => 1, createTask(() => 2)])),
      (here) => {
        const forever = (): Promise<void> => {
          here();
          return sleep(1e9);
        };
        return runUntilComplete(() => gather([forever, createTask(forever)]));
      },
    ),
};

for (const [name, kind] of Object.entries(kinds)) {
  test(`sixteen ${name} have one listener on their signal, leave none, and end with its reason`, async () => {
    await withPlace((place) => runOnOneSignal([kind(place)]));
  });
}

test("operations of all kinds have one listener on their signal among them", async () => {
  const names = ["calls of connect", "calls of readBytes", "calls of writeFile", "watches", "loops over signals"];
  await withPlace((place) => runOnOneSignal(names.map((name) => kinds[name]!(place))));
});
