import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { sleep, TimeoutError } from "../../../../mod.ts";
import { EmbeddedEngine } from "../../../../io/remote/embedded/embedded_engine.ts";
import {
  type Delivery,
  EngineFullError,
  type JobMessage,
  type JobPriority,
  type JobQueue,
  NoResponderError,
} from "../../../../io/remote/engine/engine.ts";
import { explore, simulate, type Simulation } from "../../../../testing.ts";

const settings = { ackWait: 500, attempts: 3, limit: 5 };
const never = new AbortController().signal;

function job(id: string, priority: JobPriority = "user-visible"): JobMessage {
  return { id, name: "work", priority, headers: { id }, body: new TextEncoder().encode(id) };
}

function text(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}

/** Takes jobs into a list. */
async function takeAll(queue: JobQueue, room = 100, priority: JobPriority = "user-visible"): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  await queue.consume(priority, () => room - taken.length, (delivery) => taken.push(delivery));
  return taken;
}

function inEngine<T>(body: (engine: EmbeddedEngine, queue: JobQueue, sim: Simulation) => Promise<T>): Promise<T> {
  return simulate(async (sim) => {
    const engine = new EmbeddedEngine("test");
    try {
      return await body(engine, await engine.queue("pool", settings), sim);
    } finally {
      await engine.close();
    }
  });
}

test("a job with an id that was published within two minutes adds nothing, also after it was acknowledged", () =>
  inEngine(async (_, queue) => {
    const first = await queue.publish(job("a"));
    assertEquals(first.isDuplicate, false);
    const taken = await takeAll(queue);
    await sleep(1);
    await taken[0]!.ack();
    assertEquals(await queue.publish(job("a")), { isDuplicate: true, sequence: first.sequence });
    await sleep(120_001);
    assertEquals((await queue.publish(job("a"))).isDuplicate, false);
  }));

test("a job of which nothing is heard is delivered again after ackWait, and a late ack of the first delivery ends it", () =>
  inEngine(async (_, queue, sim) => {
    await queue.publish(job("a"));
    const taken = await takeAll(queue);
    const begin = sim.now();
    await sleep(499);
    assertEquals(taken.length, 1);
    await sleep(2);
    assertEquals(taken.map(({ attempt }) => attempt), [1, 2]);
    await taken[0]!.ack();
    await sleep(5000);
    assertEquals(taken.length, 2);
    assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
    assert(sim.now() > begin);
  }));

test("a job goes on as long as its worker says so", () =>
  inEngine(async (_, queue) => {
    await queue.publish(job("a"));
    const taken = await takeAll(queue);
    for (let beat = 0; beat < 10; beat++) {
      await sleep(300);
      taken[0]!.working();
    }
    assertEquals(taken.length, 1);
  }));

test("a job that is given back is delivered again after the delay", () =>
  inEngine(async (_, queue) => {
    await queue.publish(job("a"));
    const taken = await takeAll(queue);
    await sleep(1);
    taken[0]!.nak(200);
    await sleep(199);
    assertEquals(taken.length, 1);
    await sleep(2);
    assertEquals(taken.length, 2);
    assertEquals(text(taken[1]!.body), "a");
  }));

test("a job that is given up is not delivered again", () =>
  inEngine(async (_, queue) => {
    await queue.publish(job("a"));
    const taken = await takeAll(queue);
    await sleep(1);
    taken[0]!.term();
    await sleep(5000);
    assertEquals(taken.length, 1);
    assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
  }));

test("a job that was delivered as often as it may be is told of every second, until it is removed", () =>
  inEngine(async (_, queue) => {
    const told: unknown[] = [];
    await queue.onExhausted((job) => void told.push(job));
    const { sequence } = await queue.publish(job("a"));
    const taken = await takeAll(queue);
    await sleep(3600);
    assertEquals(taken.length, 3);
    assertEquals(told, Array.from({ length: 3 }, () => ({ sequence, attempts: 3 })));
    assertEquals((await queue.look(sequence))?.id, "a");
    assertEquals(await queue.remove(sequence), true);
    assertEquals(await queue.remove(sequence), false);
    assertEquals(await queue.look(sequence), undefined);
    await sleep(10_000);
    assertEquals(told.length, 3);
  }));

test("a job that was removed is not delivered, whether it waited, rested or was out", () =>
  inEngine(async (_, queue) => {
    const places = [];
    for (const id of ["out", "resting", "waiting"]) places.push((await queue.publish(job(id))).sequence);
    const taken = await takeAll(queue, 2);
    await sleep(1);
    taken[1]!.nak(100);
    for (const place of places) assertEquals(await queue.remove(place), true);
    await sleep(10_000);
    assertEquals(taken.length, 2);
  }));

test("a queue that is full takes no job, and takes one again when another has gone", () =>
  inEngine(async (_, queue) => {
    for (const id of "abcde") await queue.publish(job(id));
    await assertRejects(() => queue.publish(job("f")), EngineFullError, "5");
    assertEquals((await queue.publish(job("a"))).isDuplicate, true);
    const taken = await takeAll(queue);
    await sleep(1);
    await taken[0]!.ack();
    assertEquals((await queue.publish(job("f"))).isDuplicate, false);
  }));

test("a consumer is never given more than it has room for, over all its priorities", () =>
  inEngine(async (_, queue) => {
    for (const id of "ab") await queue.publish(job(id, "background"));
    for (const id of "cd") await queue.publish(job(id, "user-blocking"));
    const taken: Delivery[] = [];
    const room = (): number => 3 - taken.length;
    for (const priority of ["user-blocking", "background"] as const) {
      await queue.consume(priority, room, (delivery) => taken.push(delivery));
    }
    await sleep(1);
    assertEquals(taken.map(({ body }) => text(body)), ["c", "d", "a"]);
  }));

test("a consumer that has room again gets more when it says so, and none after it was closed", () =>
  inEngine(async (_, queue) => {
    for (const id of "abc") await queue.publish(job(id));
    const taken: Delivery[] = [];
    let room = 1;
    const consumer = await queue.consume("user-visible", () => room, (delivery) => (room--, taken.push(delivery)));
    await sleep(1);
    assertEquals(taken.length, 1);
    room++;
    consumer.more();
    await sleep(1);
    assertEquals(taken.length, 2);
    await consumer.close();
    room++;
    consumer.more();
    await sleep(100);
    assertEquals(taken.length, 2);
  }));

test("a request is answered by one of a group, and rejects at once where nobody listens", () =>
  inEngine(async (engine, _, sim) => {
    const asked: string[] = [];
    for (const name of ["x", "y"]) {
      await engine.listen("call.>", (message) => (asked.push(name), message.reply(message.body, { name })), "workers");
    }
    for (const id of "abcd") {
      const answer = await engine.request("call.add", new TextEncoder().encode(id), { signal: never, timeout: 100 });
      assertEquals(text(answer.body), id);
    }
    assertEquals(asked.toSorted(), ["x", "x", "y", "y"]);
    const begin = sim.now();
    const nobody = () => engine.request("elsewhere", new Uint8Array(), { signal: never, timeout: 1000 });
    await assertRejects(nobody, NoResponderError, "elsewhere");
    assertEquals(sim.now(), begin);
  }));

test("a request that is not answered ends with its time, its signal or its connection, and a late answer is nobody's", () =>
  inEngine(async (engine) => {
    const late: (() => void)[] = [];
    await engine.listen("slow", (message) => late.push(() => message.reply(message.body)));
    const ask = (signal: AbortSignal) => engine.request("slow", new Uint8Array(), { signal, timeout: 50 });
    await assertRejects(() => ask(never), TimeoutError);
    const controller = new AbortController();
    const asked = ask(controller.signal);
    controller.abort(new RangeError("enough"));
    await assertRejects(() => asked, RangeError, "enough");
    for (const answer of late) answer();
    const closing = assertRejects(() => ask(never), Error, "closed");
    await engine.close();
    await closing;
  }));

test("the messages of one connection come in order, and not to who has stopped listening", () =>
  inEngine(async (engine) => {
    const got: string[] = [];
    const stop = await engine.listen("a.>", ({ subject }) => got.push(subject));
    for (const part of "123") engine.send(`a.${part}`, new Uint8Array());
    engine.send("a", new Uint8Array());
    await sleep(1);
    assertEquals(got, ["a.1", "a.2", "a.3"]);
    engine.send("a.4", new Uint8Array());
    stop();
    await sleep(1);
    assertEquals(got.length, 3);
  }));

test("engines of one name share what they have, and those of another name do not", async () => {
  await simulate(async () => {
    const [one, same, other] = ["a", "a", "b"].map((name) => new EmbeddedEngine(name));
    await one!.objects.put("large", new Uint8Array([1, 2]));
    assertEquals(await same!.objects.get("large"), new Uint8Array([1, 2]));
    assertEquals(await other!.objects.get("large"), undefined);
    await same!.objects.remove("large");
    assertEquals(await one!.objects.get("large"), undefined);
    for (const engine of [one, same, other]) await engine!.close();
  });
});

test("a message that is too large is refused at the call", () =>
  inEngine(async (engine, queue) => {
    const body = new Uint8Array(engine.maxBytes + 1);
    await assertRejects(async () => await queue.publish({ ...job("a"), headers: {}, body }), RangeError, "1048577");
    await assertRejects(async () => await engine.request("a", body, { signal: never, timeout: 1 }), RangeError);
  }));

test("jobs of a connection that has ended come again to another, and what it says then is not heard", async () => {
  await simulate(async () => {
    const [caller, dying, heir] = ["a", "a", "a"].map((name) => new EmbeddedEngine(name));
    const queue = await caller!.queue("pool", settings);
    await queue.publish(job("a"));
    const first = await takeAll(await dying!.queue("pool", settings));
    await sleep(1);
    await dying!.close();
    await assertRejects(() => first[0]!.ack(), Error, "closed");
    const second = await takeAll(await heir!.queue("pool", settings));
    await sleep(501);
    assertEquals(second.map(({ attempt }) => attempt), [2]);
    await second[0]!.ack();
    await caller!.close();
    await heir!.close();
  });
});

test("the dead are listed, added once, and removed", () =>
  inEngine(async (_, queue) => {
    await queue.dead.add(job("a"));
    await queue.dead.add(job("a"));
    await queue.dead.add(job("b"));
    const listed = await queue.dead.list(10);
    assertEquals(listed.map(({ id }) => id), ["a", "b"]);
    assertEquals((await queue.dead.list(1)).length, 1);
    assertEquals(await queue.dead.remove(listed[0]!.sequence), true);
    assertEquals((await queue.dead.list(10)).map(({ id }) => id), ["b"]);
  }));

test("whatever goes wrong on the way, a job is delivered at least once and at most as often as it may be", async () => {
  await explore(async (sim) => {
    sim.faults();
    const engine = new EmbeddedEngine("test");
    const queue = await engine.queue("pool", settings);
    const attempts = new Map<string, number>();
    await queue.consume("user-visible", () => 2, (delivery) => {
      const id = text(delivery.body);
      attempts.set(id, delivery.attempt);
      delivery.ack().catch(() => {});
    });
    for (const id of "ab") await queue.publish(job(id));
    await sleep(10_000);
    assertEquals([...attempts.keys()].sort(), ["a", "b"]);
    for (const attempt of attempts.values()) assert(attempt <= 3);
    await engine.close();
  }, { maxSchedules: 200 });
});
