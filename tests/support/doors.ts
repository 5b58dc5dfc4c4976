/**
 * The doors by which code reaches what no simulated loop decides: other threads of the host, files, the network. For each, what a
 * simulation does about it, and on which hosts it is there.
 *
 * @module
 */

import * as nodeCrypto from "node:crypto";
import * as childProcess from "node:child_process";
import * as datagrams from "node:dgram";
import * as dns from "node:dns";
import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as stream from "node:stream";
import * as threads from "node:worker_threads";
import * as zlib from "node:zlib";
import type { MatrixHost } from "./hosts.ts";

/** A door. */
export interface Door {
  readonly name: string;
  /** What a simulation does about it. Where real I/O is allowed, what would be refused is waited for too. */
  readonly what: "waited for" | "refused by name" | "simulated";
  readonly on: readonly MatrixHost[];
  call(world: OutsideWorld): Promise<unknown>;
}

/** What there is outside of a simulation. */
export interface OutsideWorld {
  /** The port of a server that answers HTTP after a while. */
  readonly port: number;
  /** A file that is there. */
  readonly file: string;
  /** The name of a file that is not there yet. */
  readonly free: string;
}

/** The default of a module, whose members a simulation replaces on every host; a page has none. */
const own = <T extends object>(module: T): T => (module as { default?: T }).default ?? module;
const ciphers = own(nodeCrypto);
const files = own(fs);
const names = own(dns);
const compression = own(zlib);
const connections = own(net);
const servers = own(http);
const workers = own(threads);
const programs = own(childProcess);
const messages = own(datagrams);

type Callback = (error: unknown, value?: unknown) => void;

function back(call: (callback: Callback) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    call((error, value) => error ? reject(error as Error) : resolve(value));
  });
}

/** Fails or not: the call has come back. A refusal is told on. */
function either(call: (callback: Callback) => unknown): Promise<unknown> {
  return back(call).catch((error: Error) => {
    if (error.message.includes("is real I/O")) throw error;
  });
}

async function drained(parts: AsyncIterable<unknown>): Promise<void> {
  for await (const part of parts) void part;
}

interface Files {
  readFile(path: string): Promise<unknown>;
  open(path: string): Promise<{ read(into: Uint8Array): Promise<unknown>; close(): void }>;
  openSync(path: string): { read(into: Uint8Array): Promise<unknown>; close(): void };
  readDir(path: string): AsyncIterable<unknown>;
  resolveDns(name: string, type: string): Promise<unknown>;
  connect(to: { port: number }): Promise<{ close(): void }>;
  Command: new (path: string) => { output(): Promise<unknown>; spawn(): { status: Promise<unknown> } };
}

interface BunFunctions {
  file(path: string): Blob;
  write(path: string, text: string): Promise<unknown>;
  spawn(command: string[]): { exited: Promise<unknown> };
  $(text: TemplateStringsArray): { quiet(): Promise<unknown> };
  connect(to: object): Promise<{ end(): void }>;
  password: { hash(text: string, options: object): Promise<unknown> };
  zstdCompress(bytes: Uint8Array): Promise<unknown>;
  dns: { lookup(name: string): Promise<unknown> };
  Glob: new (pattern: string) => { scan(folder: string): AsyncIterable<unknown> };
}

const bytes = new Uint8Array(100_000);
/** The smallest module there is. */
const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const { Deno, Bun } = globalThis as unknown as { Deno: Files; Bun: BunFunctions };

const everywhere: readonly MatrixHost[] = ["node", "node26", "deno", "bun"];
const deno: readonly MatrixHost[] = ["deno"];
const bun: readonly MatrixHost[] = ["bun"];

function rows(what: Door["what"], on: readonly MatrixHost[], calls: Record<string, Door["call"]>): Door[] {
  return Object.entries(calls).map(([name, call]) => ({ name, what, on, call }));
}

const work = rows("waited for", everywhere, {
  "crypto.subtle": () => crypto.subtle.digest("SHA-256", bytes),
  "crypto.scrypt": () => back((done) => ciphers.scrypt("secret", "salt", 16, done)),
  "crypto.pbkdf2": () => back((done) => ciphers.pbkdf2("secret", "salt", 1000, 16, "sha256", done)),
  "crypto.hkdf": () => back((done) => ciphers.hkdf("sha256", "key", "salt", "info", 16, done)),
  "crypto.generateKeyPair": () => back((done) => ciphers.generateKeyPair("ec", { namedCurve: "P-256" }, done)),
  "crypto.sign": () => {
    const { privateKey } = ciphers.generateKeyPairSync("ec", { namedCurve: "P-256" });
    return back((done) => ciphers.sign("sha256", bytes, privateKey, done));
  },
  "zlib.gzip": () => back((done) => compression.gzip(bytes, done)),
  "zlib.brotliCompress": () => back((done) => compression.brotliCompress(bytes, done)),
  "a stream of zlib": () =>
    back((done) =>
      void stream.pipeline(
        stream.Readable.from([bytes]),
        compression.createGzip(),
        compression.createGunzip(),
        new stream.Writable({ write: (_chunk, _encoding, next) => next() }),
        done,
      )
    ),
  "CompressionStream": () => {
    const { readable, writable } = new CompressionStream("gzip");
    const writer = writable.getWriter();
    const written = writer.write(bytes).then(() => writer.close());
    return Promise.all([written, new Response(readable).arrayBuffer()]);
  },
  "WebAssembly.compile": () => WebAssembly.compile(wasm),
  "WebAssembly.instantiate": () => WebAssembly.instantiate(wasm),
  "Blob.text": () => new Blob(["text"]).text(),
  "Blob.arrayBuffer": () => new Blob(["text"]).arrayBuffer(),
  "Blob.stream": () => drained(new Blob([bytes]).stream() as unknown as AsyncIterable<unknown>),
  "a FormData that is read": () => {
    const form = new FormData();
    form.append("file", new Blob([bytes]));
    return new Response(form).formData();
  },
  "fetch of a data URL": async () => (await fetch("data:text/plain,hello")).text(),
  "fetch of a blob URL": async () => (await fetch(URL.createObjectURL(new Blob(["hello"])))).text(),
  "fs.read of an open file": ({ file }) => {
    const handle = files.openSync(file, "r");
    return back((done) => void files.read(handle, new Uint8Array(4), 0, 4, 0, done)).finally(() =>
      files.closeSync(handle)
    );
  },
});

const simulated = rows("simulated", everywhere, {
  "crypto.randomBytes": () => back((done) => void ciphers.randomBytes(16, done)),
  "crypto.randomInt": () => back((done) => void ciphers.randomInt(5, done)),
  "MessageChannel": () => {
    const { port1, port2 } = new MessageChannel();
    return new Promise<void>((resolve) => {
      port1.onmessage = () => resolve(port1.close());
      port2.postMessage(1);
    });
  },
});

const refused = rows("refused by name", everywhere, {
  "fs.readFile": ({ file }) => back((done) => void files.readFile(file, done)),
  "fs.promises.readFile": ({ file }) => files.promises.readFile(file),
  "fs.promises.writeFile": ({ free }) => files.promises.writeFile(free, "text"),
  "fs.promises.open": async ({ file }) => {
    const handle = await files.promises.open(file);
    await handle.read(new Uint8Array(4));
    await handle.close();
  },
  "fs.promises.opendir": async () => drained(await files.promises.opendir(".")),
  "fs.createReadStream": ({ file }) => drained(files.createReadStream(file)),
  "net.connect": ({ port }) =>
    new Promise<void>((resolve, reject) => {
      const socket = connections.connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
      socket.on("data", () => {}).on("error", reject).on("close", () => resolve());
    }),
  "http.get": ({ port }) =>
    new Promise((resolve, reject) => {
      const request = servers.get({ port, host: "127.0.0.1", agent: false }, (answer) =>
        answer.resume().on("end", resolve));
      request.on("error", reject);
    }),
  "net.Server.listen": () =>
    new Promise<void>((resolve, reject) => {
      const server = connections.createServer().on("error", reject);
      server.listen(0, () => server.close(() => resolve()));
    }),
  "http.Server.listen": () =>
    new Promise<void>((resolve, reject) => {
      const server = servers.createServer().on("error", reject);
      server.listen(0, () => server.close(() => resolve()));
    }),
  "dgram": () =>
    new Promise<void>((resolve, reject) => {
      const socket = messages.createSocket("udp4").on("error", reject);
      socket.bind(0, () => socket.close(() => resolve()));
    }),
  "dns.lookup": () => back((done) => names.lookup("localhost", done)),
  "dns.promises.lookup": () => names.promises.lookup("localhost"),
  "child_process.exec": () => back((done) => void programs.exec("true", done)),
  "worker_threads.Worker": () =>
    new Promise((resolve, reject) => {
      const worker = new workers.Worker("require('node:worker_threads').parentPort.postMessage(1)", { eval: true });
      worker.on("message", resolve).on("error", reject);
    }),
});

/** No answer is needed: a resolver that finds no server says so at once. */
const resolvers = rows("refused by name", everywhere, {
  "dns.resolveMx": () => either((done) => names.resolveMx("localhost", done)),
  "dns.Resolver": () => either((done) => new names.Resolver().resolve4("localhost", done)),
});

const web: readonly Door[] = [
  ...rows("simulated", ["node26", "deno", "bun"], {
    "WebSocket": ({ port }) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}`);
        socket.onerror = socket.onopen = resolve;
      }),
  }),
  ...rows("refused by name", ["deno", "bun"], {
    "Worker": () =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker("data:text/javascript,postMessage(1)", { type: "module" });
        worker.onmessage = () => resolve(worker.terminate());
        worker.onerror = reject;
      }),
  }),
  ...rows("waited for", deno, {
    "FileReader": () =>
      new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = resolve;
        reader.readAsText(new Blob(["text"]));
      }),
    "Deno.FsFile.read": async ({ file }) => {
      const handle = Deno.openSync(file);
      await handle.read(new Uint8Array(4));
      handle.close();
    },
  }),
  ...rows("waited for", ["node", "node26", "deno"], {
    "WebAssembly.compileStreaming": () =>
      WebAssembly.compileStreaming(new Response(wasm, { headers: { "content-type": "application/wasm" } })),
  }),
];

const ofDeno = rows("refused by name", deno, {
  "Deno.readFile": ({ file }) => Deno.readFile(file),
  "Deno.open": async ({ file }) => {
    const handle = await Deno.open(file);
    await handle.read(new Uint8Array(4));
    handle.close();
  },
  "Deno.readDir": () => drained(Deno.readDir(".")),
  "Deno.connect": async ({ port }) => (await Deno.connect({ port })).close(),
  "Deno.Command.output": () => new Deno.Command("true").output(),
  "Deno.Command.spawn": () => new Deno.Command("true").spawn().status,
});

const ofBun = [
  ...rows("refused by name", bun, {
    "Bun.file": ({ file }) => Bun.file(file).text(),
    "Bun.write": ({ free }) => Bun.write(free, "text"),
    "Bun.spawn": () => Bun.spawn(["true"]).exited,
    "Bun.$": () => Bun.$`true`.quiet(),
    "Bun.connect": async ({ port }) =>
      (await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })).end(),
    "Bun.dns.lookup": () => Bun.dns.lookup("localhost"),
    "Bun.Glob.scan": () => drained(new Bun.Glob("*.md").scan(".")),
  }),
  ...rows("waited for", bun, {
    "Bun.password.hash": () => Bun.password.hash("text", { algorithm: "bcrypt", cost: 4 }),
    "Bun.zstdCompress": () => Bun.zstdCompress(bytes),
  }),
];

/** All of them. */
export const doors: readonly Door[] = [...work, ...simulated, ...refused, ...resolvers, ...web, ...ofDeno, ...ofBun];
