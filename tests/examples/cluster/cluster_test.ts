/** A search over several processes that are killed meanwhile. */

import { connect } from "node:net";
import process from "node:process";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { run } from "../../support/child.ts";
import { RawClient } from "../../support/http.ts";
import { type Cluster, program, serves, withCluster } from "./with_cluster.ts";

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The folders in which it keeps what goes with it. */
function stores({ temporary }: Cluster): string[] {
  return readdirSync(temporary).filter((name) => name.startsWith("millrace-cluster-"));
}

test("a search whose worker is killed is whole, and the same as without", async () => {
  await withCluster(["--pause", "1000"], async (cluster) => {
    await cluster.serving(2);
    const calm = await cluster.search("value\\d*7 =");
    assertEquals([calm.found.length, calm.end["complete"], calm.end["again"]], [50, true, 0]);

    const hunted = cluster.search("value\\d*7 =");
    const { running } = await cluster.until(({ running }) => running.length === 4, "all threads are busy");
    // Of all calls the last that was begun takes longest.
    const victim = running.toSorted((a, b) => a.ms - b.ms)[0]!.worker;
    assertEquals(await cluster.post(`kill?worker=${victim}`), 200);
    const isTold = new RegExp(`which ${victim} had, runs on worker-[12]: attempt 2$`);
    const { workers } = await cluster.until(
      ({ lines }) => lines.some(({ text }) => isTold.test(text) && !text.includes(`on ${victim}`)),
      "what the killed one had runs on another worker",
    );
    assertEquals(workers.find(({ name }) => name === victim)!.state, "killed");
    const { found, end } = await hunted;
    assertEquals(found, calm.found);
    assert(end["complete"] === true && (end["again"] as number) > 0, JSON.stringify(end));
    const { pool } = await cluster.until(({ running, queued }) => running.length + queued === 0, "all is done");
    assertEquals([pool.completed, pool.dead], [16, 0]);
  });
});

test("a worker that is started takes the place of those that are killed", async () => {
  await withCluster(["--workers", "1", "--pause", "500"], async (cluster) => {
    await cluster.serving(1);
    const search = cluster.search("value\\d*7 =");
    await cluster.until(({ running }) => running.length === 2, "the only worker is busy");
    assertEquals(await cluster.post("kill?worker=worker-1"), 200);
    assertEquals(await cluster.post("start"), 200);
    const { found, end } = await search;
    assertEquals([found.length, end["complete"]], [50, true]);
    const { workers } = await cluster.serving(1);
    assertEquals(workers.map(({ name, state }) => `${name} ${state}`), ["worker-1 killed", "worker-2 serves"]);
  });
});

test("an interrupt in the middle of a search ends all processes, and takes the store away", async () => {
  await withCluster(["--pause", "5000"], async (cluster) => {
    const { workers } = await cluster.serving(2);
    const [, port] = await cluster.child.waitFor(/nats-server is at nats:\/\/127\.0\.0\.1:(\d+)/);
    assertEquals(stores(cluster).length, 1);
    const cut = cluster.search("dog").catch(() => undefined);
    await cluster.until(({ running }) => running.length === 4, "all threads are busy");
    await cluster.end("SIGINT");
    await cut;
    for (const { pid } of workers) assertEquals(isThere(pid!), false, `${pid} is left`);
    const refusal = await new Promise<unknown>((resolve) => {
      connect(Number(port), "127.0.0.1").on("connect", () => resolve("it listens")).on("error", resolve);
    });
    assertEquals((refusal as { code?: string }).code, "ECONNREFUSED");
    assertEquals(stores(cluster), []);
  });
});

test("a client that leaves takes its calls back, from the queue and from the workers", async () => {
  await withCluster(["--pause", "60000"], async (cluster) => {
    await cluster.serving(2);
    const controller = new AbortController();
    const left = fetch(`${cluster.url}grep?re=dog`, { signal: controller.signal }).catch(({ name }) => name);
    await cluster.until(({ running, queued }) => running.length === 4 && queued === 4, "all threads are busy");
    controller.abort();
    assertEquals(await left, "AbortError");
    const { pool } = await cluster.until(({ running, queued }) => running.length + queued === 0, "nothing is left");
    assertEquals([pool.completed, pool.cancelled], [0, 8]);
  });
});

test("what cannot be done is refused, and so are pages of other sites", async () => {
  await withCluster(["--workers", "1", "--pause", "0"], async (cluster) => {
    const { workers } = await cluster.serving(1);
    assertEquals(await cluster.post("kill?worker=worker-9"), 409);
    assertEquals(await cluster.post("kill?worker=worker-1", { origin: "http://evil.example" }), 403);
    assertEquals(await cluster.post("kill?worker=worker-1", { origin: "null" }), 403);
    assertEquals(await cluster.post("nothing"), 404);
    for (const query of ["re=(", "re="]) assertEquals((await fetch(`${cluster.url}grep?${query}`)).status, 400);
    const raw = await RawClient.open(Number(new URL(cluster.url).port));
    raw.send("POST /kill?worker=worker-1 HTTP/1.1\nhost: evil.example\ncontent-length: 0\nconnection: close\n\n");
    await raw.waitFor(/^HTTP\/1.1 421 /);
    raw.leave();
    assert(workers.every(serves) && isThere(workers[0]!.pid!));
  });
});

test("without nats-server it says which command installs it", async () => {
  const { code, stdout, stderr } = await run(program, ["--port", "0", "examples"], {
    env: { MILLRACE_NATS_SERVER: "/nowhere/nats-server" },
  });
  assertEquals([code, stdout], [1, ""]);
  assertMatch(
    stderr,
    /^There is no \/nowhere\/nats-server\..*apt-get install -y --no-install-recommends nats-server\n$/,
  );
});

test("what it does not understand ends with a sentence and the exit code 2", async () => {
  for (const args of [["no/such/folder"], ["--fast"], ["--workers", "7"], ["--pause", "soon"]]) {
    const { code, stdout, stderr } = await run(program, args);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /no\/such\/folder|Usage|1 to 6|"soon"/);
  }
  const { code, stdout } = await run(program, ["--help"]);
  assertEquals([code, stdout.startsWith("Usage:")], [0, true]);
});
