/** Real work that a body starts: the clock waits for it, and no order depends on how long it takes. */

import * as nodeCrypto from "node:crypto";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import * as fs from "node:fs";
import * as dns from "node:dns";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DeadlockError, explore, simulate, type Simulation } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";

// On Deno and Bun named imports keep the host's own functions.
const { default: cryptoOfNode = nodeCrypto } = nodeCrypto as { default?: typeof nodeCrypto };
const { default: compression = zlib } = zlib as { default?: typeof zlib };
const { default: files = fs } = fs as { default?: typeof fs };
const { default: names = dns } = dns as { default?: typeof dns };

const bytes = new Uint8Array(100_000);
/** The smallest module there is. */
const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

const works: Record<string, () => Promise<unknown>> = {
  "crypto.subtle.digest": () => crypto.subtle.digest("SHA-256", bytes),
  "crypto.subtle.generateKey": () => crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt"]),
  "crypto.scrypt": () => promisify(cryptoOfNode.scrypt)("secret", "salt", 16),
  "crypto.pbkdf2": () => promisify(cryptoOfNode.pbkdf2)("secret", "salt", 1000, 16, "sha256"),
  "zlib.gzip": () => promisify(compression.gzip)(bytes),
  "a CompressionStream": () => {
    const source = new ReadableStream<BufferSource>({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    return new Response(source.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  },
  "WebAssembly.compile": () => WebAssembly.compile(wasm),
  "Blob.text": () => new Blob(["text"]).text(),
  "a fetch of a data URL": async () => assertEquals(await (await fetch("data:text/plain,hello")).text(), "hello"),
};

for (const [name, work] of Object.entries(works)) {
  test(`the clock stands still for ${name}, and timers after it are simulated`, async () => {
    const seen = await simulate(async (sim) => {
      let limit: ReturnType<typeof setTimeout>;
      const passed = new Promise((resolve) => limit = setTimeout(resolve, 5000, "the limit passed"));
      const first = await Promise.race([work().then(() => "done"), passed]);
      clearTimeout(limit!);
      const time = sim.now();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return [first, time, sim.now()];
    });
    assertEquals(seen, ["done", 0, 1000]);
  });
}

test("several works come in the order in which they were begun, however long each takes", async () => {
  await simulate(async () => {
    const order: string[] = [];
    await Promise.all([
      crypto.subtle.digest("SHA-512", new Uint8Array(3_000_000)).then(() => order.push("long")),
      crypto.subtle.digest("SHA-256", new Uint8Array(1)).then(() => order.push("short")),
    ]);
    assertEquals(order, ["long", "short"]);
  });
});

test("code that hashes between its operations is explored whole, the same every time", async () => {
  const orders = new Set<string>();
  const body = async (sim: Simulation) => {
    const order: string[] = [];
    await Promise.all(["a", "b"].map(async (name) => {
      await sim.io(`read ${name}`);
      await crypto.subtle.digest("SHA-256", bytes);
      await sim.io(`write ${name}`);
      order.push(name);
    }));
    orders.add(order.join(""));
  };
  const first = await explore(body);
  assertEquals([...orders].sort(), ["ab", "ba"]);
  assertEquals(await explore(body), first);
  assert(first.exhaustive);
});

test("work that is refused is refused at the call or by its promise, and holds nothing up", async () => {
  await assertRejects(() => simulate(() => crypto.subtle.digest("no such", bytes)));
  await assertRejects(() => simulate(() => promisify(cryptoOfNode.pbkdf2)("a", "b", 1, 1, "no such")));
});

testWith("programs", "a body that waits for a module alone is in no deadlock", async () => {
  const folder = files.mkdtempSync(`${tmpdir()}/millrace-`);
  try {
    files.writeFileSync(`${folder}/lazy.mjs`, "export const x = 1;\n");
    assertEquals(await simulate(async () => (await import(`file://${folder}/lazy.mjs`)).x), 1);
  } finally {
    files.rmSync(folder, { recursive: true });
  }
});

testWith(
  "programs",
  "what others write to an open file while a body waits for ever is no event of the body",
  async () => {
    const name = `${tmpdir()}/millrace-report-${nodeCrypto.randomUUID()}`;
    const file = fs.openSync(name, "w");
    let isOver = false;
    let written = 0;
    const report = (): void => {
      written++;
      if (!isOver) files.write(file, "a line\n", report);
    };
    report();
    try {
      const body = async (sim: Simulation): Promise<void> => {
        await sim.io("load the settings");
        await new Promise(() => {});
      };
      const { lastEvent } = await assertRejects(() => simulate(body, { maxTime: 5000 }), DeadlockError);
      assert(lastEvent.startsWith("load the settings"), lastEvent);
      assert(written > 10, `${written} lines were written`);
    } finally {
      isOver = true;
      fs.closeSync(file);
      fs.rmSync(name);
    }
  },
);

test("files and names are refused by name, whichever call it is", async () => {
  await assertRejects(() => simulate(() => files.promises.cp("a", "b")), Error, "fs.promises.cp is real I/O");
  await assertRejects(() => simulate(() => files.promises.readlink("a")), Error, "fs.promises.readlink is real I/O");
  await assertRejects(() => simulate(() => names.promises.lookup("a")), Error, "dns.promises.lookup is real I/O");
});
