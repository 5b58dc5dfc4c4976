/** The program as its users run it: a child process over a small folder, asked through its port. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Child, run, start } from "../../support/child.ts";
import { RawClient } from "../../support/http.ts";

const program = "examples/search/main.ts";
/** On a line of 200 letters a and a b this has no end in V8, and in JavaScriptCore one after a second or so. */
const catastrophic = "^(a+)+$";

interface Statistics {
  indexing: { done: boolean; found: number; finished: number; files: number; skipped: Record<string, number> };
  loop: { longest: number };
  pool: { workers: number; running: number; queued: number };
  grep: { files: number; abandoned: number; freedAfter: number };
  server: { active: number; tasks: number; disconnected: number; timedOut: number; failed: number };
}

/** A folder with a bit of everything; it is removed after `body`. */
async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-search-"));
  try {
    const write = (path: string, content: string | Uint8Array) => writeFileSync(join(folder, path), content);
    mkdirSync(join(folder, "inner"));
    for (let number = 0; number < 150; number++) {
      write(`inner/file${number}.ts`, `const value${number} = ${number};\nexport function walkTheDog() {}\n`);
    }
    write("owl.ts", "// The owl is here.\nexport const readBarnOwl = 1;\n");
    write("slow.txt", ("a".repeat(200) + "b\n").repeat(500));
    write("long.txt", "x ".repeat(20_000) + "needleInHay " + "y ".repeat(20_000));
    write("picture.bin", new Uint8Array(1000));
    write("empty.ts", "");
    write("huge.txt", "");
    truncateSync(join(folder, "huge.txt"), 3 * 1024 * 1024);
    write("secret.txt", "owl");
    chmodSync(join(folder, "secret.txt"), 0);
    symlinkSync(folder, join(folder, "inner/loop"));
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class Client {
  readonly child: Child;
  readonly #url: string;

  constructor(child: Child, url: string) {
    this.child = child;
    this.#url = url;
  }

  /** A path with its parameters. */
  url(path: string, parameters: Record<string, string> = {}): string {
    return `${this.#url}${path.slice(1)}?${new URLSearchParams(parameters)}`;
  }

  async get(path: string, parameters: Record<string, string> = {}): Promise<{ status: number; text: string }> {
    const response = await fetch(this.url(path, parameters));
    return { status: response.status, text: await response.text() };
  }

  async lines(path: string, parameters: Record<string, string>): Promise<Record<string, unknown>[]> {
    const { status, text } = await this.get(path, parameters);
    assertEquals(status, 200, text);
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Asks for the statistics until they are as wanted. */
  async until(wanted: (statistics: Statistics) => boolean): Promise<Statistics> {
    const end = performance.now() + 30_000;
    for (;;) {
      const statistics: Statistics = JSON.parse((await this.get("/stats")).text);
      if (wanted(statistics)) return statistics;
      assert(performance.now() < end, `still ${JSON.stringify(statistics)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Nothing runs but the question itself. */
  idle(): Promise<Statistics> {
    return this.until(({ pool, server }) =>
      server.tasks === 0 && server.active === 1 && pool.running + pool.queued === 0
    );
  }
}

/** Runs the server over a folder with everything indexed, then stops it, which has to end with the signal's code. */
function withServer(deadline: number, body: (client: Client, folder: string) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const child = start(program, ["--port", "0", "--deadline", String(deadline), folder], { timeout: 120_000 });
    try {
      const [, url] = await child.waitFor(/Searching at (http:\S+)/);
      const client = new Client(child, url!);
      await client.until(({ indexing }) => indexing.done);
      await body(client, folder);
      child.signal("SIGTERM");
      const { code, stderr } = await child.ended;
      assertEquals(code, 143, stderr);
    } finally {
      child.process.kill("SIGKILL");
      await child.ended;
    }
  });
}

test("the four routes answer over a folder with a bit of everything", async () => {
  await withServer(60_000, async (client, folder) => {
    const { indexing } = await client.until(({ indexing }) => indexing.done);
    // Whoever runs as root can read everything.
    const isRoot = process.getuid?.() === 0;
    assertEquals(indexing.skipped, { binary: 1, large: 1, unreadable: isRoot ? 0 : 1, folders: 0 });
    assertEquals([indexing.files, indexing.found], [isRoot ? 155 : 154, 157]);
    assertEquals(indexing.finished, indexing.found);

    const page = await client.get("/");
    assertStringIncludes(page.text, "<title>Millrace search</title>");

    const answer = JSON.parse((await client.get("/search", { q: "barn owl" })).text);
    assert(answer.complete);
    const { path, line, text } = answer.results[0];
    assertEquals({ path, line, text }, { path: join(folder, "owl.ts"), line: 1, text: "// The owl is here." });
    const inHay = JSON.parse((await client.get("/search", { q: "needle" })).text).results[0];
    assertStringIncludes(inHay.text, "needleInHay");
    assertEquals(JSON.parse((await client.get("/search", { q: "dog", limit: "7" })).text).results.length, 7);

    const [match] = await client.lines("/grep", { re: "Barn[A-Z]\\w+" });
    const wanted = { path: join(folder, "owl.ts"), line: 2, text: "export const readBarnOwl = 1;", from: 17, to: 24 };
    assertEquals(match, wanted);
    assertEquals(await client.lines("/grep", { re: "nowhere to be found" }), []);

    const [dogs, values] = await Promise.all([
      client.lines("/grep", { re: "walkthedog", flags: "i" }),
      client.lines("/grep", { re: "value\\d+ =", limit: "40" }),
    ]);
    assertEquals([dogs.length, values.length], [150, 40]);
    await client.idle();
  });
});

test("a page of another site whose name has been made to lead here reads nothing", async () => {
  await withServer(60_000, async (client) => {
    const { port } = new URL(client.url("/"));
    for (const [host, status] of [["evil.example", 421], [`localhost.evil.example:${port}`, 421], ["LOCALHOST", 200]]) {
      const raw = await RawClient.open(Number(port));
      raw.send(`GET /stats HTTP/1.1\nhost: ${host}\nconnection: close\n\n`);
      await raw.waitFor(new RegExp(`^HTTP/1.1 ${status} `));
      raw.leave();
    }
  });
});

test("what cannot be answered is refused", async () => {
  await withServer(60_000, async (client) => {
    const statusOf = async (path: string, parameters?: Record<string, string>) =>
      (await client.get(path, parameters)).status;
    assertEquals(await statusOf("/grep", { re: "(" }), 400);
    assertEquals(await statusOf("/grep", { re: "a", flags: "?" }), 400);
    assertEquals(await statusOf("/grep", { re: "a", limit: "many" }), 400);
    assertEquals(await statusOf("/grep"), 400);
    assertEquals(await statusOf("/search", { q: " " }), 400);
    assertEquals(await statusOf("/search", { q: "a", limit: "0" }), 400);
    assertEquals(await statusOf("/nothing"), 404);
    const posted = await fetch(client.url("/search"), { method: "POST", body: "q=owl" });
    await posted.text();
    assertEquals([posted.status, posted.headers.get("allow")], [405, "GET, HEAD"]);
    const { server } = await client.idle();
    assertEquals(server.failed, 0);
  });
});

test("a client that leaves leaves no task and no busy worker behind", async () => {
  await withServer(60_000, async (client) => {
    for (let round = 0; round < 2; round++) {
      const controller = new AbortController();
      const left = fetch(client.url("/grep", { re: catastrophic }), { signal: controller.signal }).then(
        () => assert(false, "there is no answer to this"),
        (error) => assertEquals((error as Error).name, "AbortError"),
      );
      await client.until(({ pool }) => pool.running > 0);
      controller.abort();
      await left;
      const { server, grep, pool } = await client.idle();
      // Its workers are free, and the page says after how long; no further file was handed to them.
      assertEquals([server.disconnected, grep.abandoned, pool.running], [round + 1, round + 1, 0]);
      assert(grep.freedAfter > 0);
      assertEquals((await client.idle()).grep.files, grep.files);
    }
    assertEquals((await client.lines("/grep", { re: "BarnOwl" })).length, 1);
    if (availableParallelism() > 1) {
      // One worker is stuck in a file, another one finds enough.
      assertEquals((await client.lines("/grep", { re: "walkTheDog|(a+)+$", limit: "5" })).length, 5);
      await client.idle();
    }
    // Its lines are not wanted: the search for more of them stops.
    const { status } = await fetch(client.url("/grep", { re: "BarnOwl|(a+)+$" }), { method: "HEAD" });
    assertEquals(status, 200);
    await client.idle();
  });
});

test("a catastrophic regular expression is stopped at the deadline, and the next one is answered", async () => {
  await withServer(1500, async (client) => {
    assertEquals((await client.get("/grep", { re: catastrophic })).status, 504);
    const { server } = await client.idle();
    assertEquals(server.timedOut, 1);
    // The new worker may need longer than the deadline on a busy machine.
    for (let attempt = 0;; attempt++) {
      const { status, text } = await client.get("/grep", { re: "BarnOwl" });
      if (status === 504 && attempt < 10) continue;
      assertEquals([status, text.split("\n").length], [200, 2], text);
      break;
    }
  });
});

test("--once prints the best files and the figures, and exits", async () => {
  await withFolder(async (folder) => {
    const { code, stdout, stderr } = await run(program, ["--once", "owl", folder]);
    assertEquals(code, 0, stderr);
    const lines = stdout.trimEnd().split("\n");
    assertStringIncludes(lines[0]!, join(folder, "owl.ts"));
    assertMatch(lines.at(-1)!, /^15[45] files, \d+ bytes, [\d.]+ s \([\d.]+ MB\/s\), .*longest loop stall [\d.]+ ms/);
    // On a busy machine it says every few seconds how far it is, and never anything else.
    assertMatch(stderr, /^(\d+ of \d+ files, [\d.]+ MB, [\d.]+ MB\/s, loop delay [\d.]+ ms\n)*$/);
    const none = await run(program, ["--once", "unicorn", folder]);
    assertEquals(none.code, 0);
    assertStringIncludes(none.stdout, 'No file has "unicorn"');
  });
});

test("what cannot be done ends with a sentence and an exit code", async () => {
  const missing = await run(program, ["no/such/folder"]);
  assertEquals([missing.code, missing.stderr], [2, "There is no folder no/such/folder\n"]);
  const unknown = await run(program, ["--fast"]);
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, "Usage:");
  const help = await run(program, ["--help"]);
  assertEquals(help.code, 0);
  assertStringIncludes(help.stdout, "Usage:");
});

test("a port that is in use ends the program with a sentence", async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port));
  });
  try {
    const { code, stderr } = await run(program, ["tests"], { env: { PORT: String(port) } });
    assertEquals(code, 1);
    assertMatch(stderr, new RegExp(`^[^\\n]*${port}[^\\n]*\\n$`));
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});

test("an interrupt ends it with 130, also while it searches", async () => {
  await withFolder(async (folder) => {
    const child = start(program, ["--port", "0", "--deadline", "60000", folder]);
    const [, url] = await child.waitFor(/Searching at (http:\S+)/);
    const client = new Client(child, url!);
    await client.until(({ indexing }) => indexing.done);
    const cut = client.get("/grep", { re: catastrophic }).catch(() => ({ status: 0 }));
    await client.until(({ pool }) => pool.running > 0);
    child.signal("SIGINT");
    const { code, stderr } = await child.ended;
    assertEquals(code, 130, stderr);
    assert([0, 503].includes((await cut).status), "it was answered");
  });
});
