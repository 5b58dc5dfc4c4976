/** The program as its users run it: a child process over a small folder, asked through its port. */

import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, start } from "../../support/child.ts";
import { RawClient } from "../../support/http.ts";
import { catastrophic, Client, program, withFolder, withServer } from "./searching.ts";

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

test("with --inspect the printed address leads to the inspector too, and the server itself tells nobody its token", async () => {
  await withFolder(async (folder) => {
    const child = start(program, ["--port", "0", "--inspect", folder]);
    try {
      const [, page, port, token] = await child.waitFor(/Searching at (http:\S+)#inspector=(\d+)\/([\w-]+)\//);
      const inspector = await fetch(`http://127.0.0.1:${port}/${token}/`);
      assertStringIncludes(await inspector.text(), "<title>");
      assertEquals(inspector.status, 200);
      for (const path of ["", "page.js", "stats", "ping", "search?q=inspector"]) {
        const text = await (await fetch(page + path)).text();
        assert(!text.includes(token!), path);
      }
      child.signal("SIGTERM");
      assertEquals((await child.ended).code, 143);
    } finally {
      child.process.kill("SIGKILL");
      await child.ended;
    }
  });
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
