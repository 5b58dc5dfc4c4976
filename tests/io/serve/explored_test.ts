/** Races of a server, tried in all the orders that the schedule allows, on the simulated network. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { group, sleep } from "../../../mod.ts";
import { type RequestRecord, serve, type ServeOptions, type Server } from "../../../io/mod.ts";
import { explore, type Simulation } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";

/** A drain that lets everything take as long as the schedule has it. */
const patient = { grace: Infinity, force: Infinity };

/** What all schedules have to have in common when a server has ended: nothing is left, and each request was counted once. */
function checkEnd(server: Server, records: readonly RequestRecord[], errors: readonly unknown[]): void {
  const { active, queued, tasks, completed, failed } = server.statistics();
  assertEquals([active, queued, tasks, failed, errors], [0, 0, 0, 0, []]);
  assert(records.length <= completed, "a request was told of twice");
}

function watched(options: ServeOptions = {}): { options: ServeOptions; records: RequestRecord[]; errors: unknown[] } {
  const records: RequestRecord[] = [];
  const errors: unknown[] = [];
  return {
    records,
    errors,
    options: {
      ...options,
      onRequest: (_request, record) => records.push(record),
      onError: (error) => errors.push(error),
    },
  };
}

test("a client that leaves against its answer: the request ends once, as sent or as left", async () => {
  const body = async (sim: Simulation) => {
    const { options, records, errors } = watched();
    let deferred = 0;
    const server = await serve(async (_request, context) => {
      context.defer(() => void deferred++);
      context.spawn(() => sim.io("child"));
      await sim.io("work");
      return new Response("done");
    }, options);
    const controller = new AbortController();
    const answered = fetch(server.url, { signal: controller.signal }).then(
      async (response) => assertEquals(await response.text(), "done"),
      (error: Error) => assertEquals(error.name, "AbortError"),
    );
    await sim.io("the client leaves");
    controller.abort();
    await answered;
    await server.drain(patient);
    checkEnd(server, records, errors);
    assertEquals(deferred, records.length);
    for (const { status, end } of records) sim.sometimes(`${status} ${end}`);
  };
  const { reached } = await explore(body, { maxSchedules: 300 });
  assert(reached["200 sent"]! > 0, "never sent");
  assert(reached["499 left"]! > 0, "never left");
});

test("a drain against requests that arrive: each is served, refused, or finds no server; none is lost", async () => {
  const body = async (sim: Simulation) => {
    const { options, records, errors } = watched({ maxConcurrent: 1, queueLimit: 1 });
    const server = await serve(async () => {
      await sim.io("work");
      return new Response("done");
    }, options);
    const outcomes = [1, 2, 3].map((path) =>
      fetch(new URL(`/${path}`, server.url)).then(
        async (response) => `${response.status} ${(await response.text()).trim()}`,
        (error: Error) => (error.cause as { code?: string }).code ?? error.message,
      )
    );
    await sim.io("the drain begins");
    const summary = await server.drain(patient);
    const ended = await Promise.all(outcomes);
    for (const outcome of ended) {
      assert(/^(200 done|503 .*|ECONNREFUSED)$/.test(outcome), outcome);
      sim.sometimes(outcome.split(" ")[0]!);
    }
    assertEquals(ended.filter((it) => it.startsWith("200")).length, records.length);
    assertEquals([summary.cancelled, summary.forced], [0, 0]);
    checkEnd(server, records, errors);
  };
  const { reached } = await explore(body, { maxSchedules: 400 });
  for (const outcome of ["200", "503", "ECONNREFUSED"]) assert(reached[outcome]! > 0, `never ${outcome}`);
});

testWith(
  "async context",
  "a timeout against the last byte: whoever has the head has the whole body, and the slot is free in the end",
  async () => {
    const body = async (sim: Simulation) => {
      const { options, records, errors } = watched({ timeout: 10 });
      const server = await serve(async () => {
        await sim.io("the head");
        let pulls = 0;
        return new Response(
          new ReadableStream({
            async pull(controller) {
              if (pulls++ === 2) return controller.close();
              await sim.io("a chunk");
              controller.enqueue(new TextEncoder().encode("chunk"));
            },
          }),
        );
      }, options);
      const response = await fetch(server.url);
      const text = await response.text();
      if (response.status === 200) assertEquals(text, "chunkchunk");
      else assertEquals(response.status, 504);
      sim.sometimes(String(response.status));
      await server.drain(patient);
      checkEnd(server, records, errors);
    };
    const { reached } = await explore(body, { maxSchedules: 200 });
    assert(reached["200"]! > 0, "never 200");
    assert(reached["504"]! > 0, "never 504");
  },
);

test("the cancellation of a server's group against its requests: the group ends after all of them", async () => {
  const body = async (sim: Simulation) => {
    const { options, records, errors } = watched({ drain: { grace: 20, force: Infinity } });
    let running = 0;
    let answer: Promise<string> | undefined;
    let server!: Server;
    await group(async (g) => {
      server = await serve(async () => {
        running++;
        try {
          await sleep(30);
          await sim.io("work");
          return new Response("done");
        } finally {
          running--;
        }
      }, options);
      answer = fetch(server.url).then(async (it) => `${it.status} ${await it.text()}`, () => "refused");
      await sim.io("the cancellation");
      g.cancel();
    });
    assertEquals(running, 0);
    sim.sometimes((await answer)!.slice(0, 3));
    checkEnd(server, records, errors);
  };
  await explore(body, { maxSchedules: 200 });
});
