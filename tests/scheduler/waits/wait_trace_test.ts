import { test } from "node:test";
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Channel, currentTask, group, Mutex, sleep, type WaitTrace } from "../../../mod.ts";
import { whileHearing } from "../../support/heard.ts";

interface Heard {
  readonly what: string;
  readonly message: WaitTrace;
  /** The task in whose flow of control it was told. */
  readonly by: string | undefined;
}

const plain = (name: string | undefined): string | undefined => name?.replace(/#\d+$/, "");

async function heard(body: () => PromiseLike<unknown>): Promise<Heard[]> {
  const messages: Heard[] = [];
  const add = (what: string, message: unknown): void =>
    void messages.push({ what, message: message as WaitTrace, by: plain(currentTask()?.name) });
  await whileHearing("wait", ["start", "wake", "end"], add, body);
  return messages;
}

test("a wait is told of when it begins and when it has ended, with what it is for and whose it is", async () => {
  const messages = await heard(() => group((g) => void g.spawn(() => sleep(1), { name: "sleeper" })));
  const waits = messages.filter(({ message }) => plain(message.task?.name) === "sleeper");
  assertEquals(waits.map(({ what, message }) => `${what} ${message.waitingFor}`), [
    "start sleep",
    "wake sleep",
    "end sleep",
  ]);
  for (const { message } of waits) assertStrictEquals(message.wait, waits[0]!.message.wait);
});

test("who lets a wait end is told as such, in the flow of control that does it", async () => {
  const messages = await heard(() =>
    group((g) => {
      const channel = new Channel<number>();
      const mutex = new Mutex();
      g.spawn(async () => {
        await channel.receive();
        await mutex.run(() => {});
      }, { name: "receiver" });
      g.spawn(() => mutex.run(() => channel.send(1)), { name: "sender" });
    })
  );
  const wakes = messages.filter(({ what, message }) => what === "wake" && plain(message.task?.name) === "receiver");
  assertEquals(wakes[0]!.by, "sender");
});

test("a wait that a cancellation ends is told of once at its beginning and once at its end", async () => {
  const messages = await heard(() =>
    assertRejects(() =>
      group((g) => {
        g.spawn(() => sleep(10_000), { name: "sleeper" });
        g.spawn(() => sleep(1).then(() => Promise.reject(new Error("broken"))), { name: "failing" });
      })
    )
  );
  const waits = messages.filter(({ message }) => plain(message.task?.name) === "sleeper");
  assertEquals(waits.map(({ what }) => what), ["start", "end"]);
});
