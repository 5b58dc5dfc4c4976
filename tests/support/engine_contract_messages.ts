/**
 * What every engine of remote pools promises of messages, of large bytes, and of its end.
 *
 * @module
 */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Message, NoResponderError } from "../../io/remote/engine/engine.ts";
import { setUnhandledHook } from "../../scheduler/scopes/unhandled.ts";
import { bytes, type EngineTest, job, settings, Taker, text } from "./engine_bench.ts";
import { until, within } from "./within.ts";

const request = (signal = new AbortController().signal, timeout = 20_000) => ({ signal, timeout });

/** The promises of messages that nobody keeps. */
export function messagesContract(engineTest: EngineTest): void {
  engineTest("a message reaches all who listen, and one of each group", async (engine, bench) => {
    const other = await bench.connect();
    const got: string[] = [];
    const hear = (who: string) => ({ subject, headers, body }: Message) =>
      void got.push(`${who} ${subject} ${headers["Kind"]} ${text(body)}`);
    await engine.listen("pool.cancel.>", hear("a"));
    await other.listen("pool.cancel.7", hear("b"));
    await engine.listen("pool.cancel.7", hear("g"), "group");
    await other.listen("pool.cancel.7", hear("g"), "group");
    engine.send("pool.cancel.7", bytes("now"), { Kind: "ä\n" });
    await until(() => got.length === 3, "three have heard it");
    await Promise.all([engine.flush(), other.flush()]);
    const line = "pool.cancel.7 ä\n now";
    assertEquals(got.sort(), [`a ${line}`, `b ${line}`, `g ${line}`]);
    await other.close();
  });

  engineTest("a request has one answer; where nobody listens it rejects at once", async (engine, bench) => {
    const other = await bench.connect();
    await assertRejects(
      () => within(engine.request("pool.ask", bytes("?"), request()), "no answer", 5000),
      NoResponderError,
    );
    const end = await other.listen("pool.ask", (message) => message.reply(bytes(`${text(message.body)}!`), { A: "1" }));
    const { body, headers } = await engine.request("pool.ask", bytes("hello"), request());
    assertEquals([text(body), headers], ["hello!", { A: "1" }]);
    end();
    await other.flush();
    await assertRejects(() => engine.request("pool.ask", bytes("?"), request()), NoResponderError);
    await other.close();
  });

  engineTest("a request that is aborted rejects with the reason, and one that is late says so", async (engine) => {
    await engine.listen("pool.ask", () => {});
    const controller = new AbortController();
    const asked = engine.request("pool.ask", bytes("?"), request(controller.signal));
    const reason = new Error("enough");
    controller.abort(reason);
    assertEquals(await asked.catch((error) => error), reason);
    assertEquals(
      await engine.request("pool.ask", bytes("?"), request(controller.signal)).catch((error) => error),
      reason,
    );
    const late = await engine.request("pool.ask", bytes("?"), request(undefined, 20)).catch((error) => error);
    assertEquals(late.name, "TimeoutError");
  });

  engineTest("subjects that are not words with dots between them are refused", async (engine) => {
    for (const subject of ["", "a b", "a..b", "a.*", "a.>", "$JS.API.INFO", "a\r\nPUB b"]) {
      assertThrows(() => engine.send(subject, bytes("")), TypeError);
      await assertRejects(() => engine.request(subject, bytes(""), request()), TypeError);
    }
    await assertRejects(() => engine.listen(">", () => {}), TypeError);
    await assertRejects(() => engine.listen("a.>.b", () => {}), TypeError);
  });

  engineTest("large bytes are kept beside the messages until they are removed", async (engine, bench) => {
    const other = await bench.connect();
    const large = new Uint8Array(engine.maxBytes * 2 + 17).map((_, i) => i * 31);
    await engine.objects.put("args-1", large);
    assertEquals(await other.objects.get("args-1"), large);
    assertEquals(await other.objects.get("args-2"), undefined);
    await other.objects.remove("args-1");
    assertEquals(await engine.objects.get("args-1"), undefined);
    await engine.objects.remove("args-1");
    await other.close();
  });
}

/** The promises of an engine that ends, and of those that go on whatever is thrown at them. */
export function endsContract(engineTest: EngineTest): void {
  engineTest("a closed engine takes nothing more, and may be closed twice", async (engine) => {
    const queue = await engine.queue("images", settings);
    const taker = await Taker.of(queue);
    await engine.listen("pool.ask", () => {});
    assertEquals(engine.state, { reconnects: 0, isConnected: true });
    await Promise.all([engine.close(), engine.close()]);
    assertEquals(engine.state.isConnected, false);
    await assertRejects(() => queue.publish(job("one")));
    await assertRejects(() => engine.request("pool.ask", bytes(""), request()));
    assertEquals(taker.got.length, 0);
  });

  engineTest("what a listener or a taker throws is reported, and the engine goes on", async (engine) => {
    const reported: string[] = [];
    setUnhandledHook((error) => void reported.push((error as Error).message));
    try {
      const queue = await engine.queue("images", settings);
      await engine.listen("pool.cancel", () => {
        throw new Error("listener");
      });
      engine.send("pool.cancel", bytes("now"));
      await until(() => reported.length === 1, "the listener's error is reported");
      const got: string[] = [];
      const consuming = await queue.consume("background", () => 10 - got.length, (delivery) => {
        got.push(delivery.id);
        if (delivery.id === "one") throw new Error("taker");
        void delivery.ack();
      });
      await queue.publish(job("one", { priority: "background" }));
      await queue.publish(job("two", { priority: "background" }));
      await until(() => got.length === 2, "both are delivered");
      assertEquals([reported, got], [["listener", "taker"], ["one", "two"]]);
      await consuming.close();
    } finally {
      setUnhandledHook(undefined);
    }
  });
}
