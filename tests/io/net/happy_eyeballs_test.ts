import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { connect } from "../../../io/mod.ts";
import { CancelScope, sleep, TimeoutError } from "../../../mod.ts";
import type { HostNet, HostSocket, NetAddress } from "../../../runtime/port/net.ts";
import type { FakeHost } from "../../support/fake_host.ts";
import { testOnFakeLoop } from "../../support/fake_loop.ts";

/** What an address does: it answers, or refuses, after so many ms, or never says anything. */
type Behaviour = { answers: number } | { refuses: number } | "silent";

/** A network in the place of the host's, and the log of what was tried and closed, with its times. */
function network(host: FakeHost, behaviours: Record<string, Behaviour>): string[] {
  const log: string[] = [];
  const net: HostNet = {
    lookup: () =>
      Promise.resolve(
        Object.keys(behaviours).map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      ),
    connect(address: NetAddress) {
      const name = (address as { host: string }).host;
      const behaviour = behaviours[name]!;
      log.push(`${host.time} ${name}`);
      const listeners = new Map<string, ((value: never) => void)[]>();
      const emit = (event: string, value?: unknown) => {
        for (const listener of listeners.get(event) ?? []) listener(value as never);
      };
      let over = false;
      const timer = behaviour === "silent" ? undefined : host.host.setTimer(() => {
        if (over) return;
        if ("answers" in behaviour) emit("connect");
        else emit("error", Object.assign(new Error(`refused by ${name}`), { code: "ECONNREFUSED" }));
      }, "answers" in behaviour ? behaviour.answers : behaviour.refuses);
      const socket: Partial<HostSocket> = {
        remoteAddress: name,
        on: (event, listener) => void listeners.set(event, [...listeners.get(event) ?? [], listener]),
        pause() {},
        setNoDelay() {},
        setKeepAlive() {},
        destroy() {
          if (over) return;
          over = true;
          timer?.cancel();
          log.push(`${host.time} ${name} closed`);
          emit("close");
        },
      };
      return socket as HostSocket;
    },
    secure: () => {
      throw new Error("no TLS here");
    },
    createServer: () => {
      throw new Error("no listeners here");
    },
  };
  Object.assign(host.host, { network: { net: () => net } });
  return log;
}

testOnFakeLoop(
  "each address has a head start before the next, families in turn, and the first to answer wins",
  async (host) => {
    const log = network(host, {
      "1.0.0.1": "silent",
      "1.0.0.2": "silent",
      "::1": { answers: 300 },
      "::2": "silent",
    });
    const connection = await connect({ hostname: "example", port: 80 });
    assertEquals(connection.remoteAddress, "::1");
    assertEquals(log, [
      "0 1.0.0.1",
      "250 ::1",
      "500 1.0.0.2",
      "550 1.0.0.1 closed",
      "550 1.0.0.2 closed",
    ]);
    assertEquals(host.timers, 0);
    connection.close();
  },
);

testOnFakeLoop("a failure begins the next attempt at once; a slow first one may still win", async (host) => {
  const log = network(host, { "1.0.0.1": { refuses: 10 }, "1.0.0.2": { answers: 400 }, "1.0.0.3": { answers: 900 } });
  const connection = await connect({ hostname: "example", port: 80, attemptDelay: 100 });
  assertEquals(connection.remoteAddress, "1.0.0.2");
  assertEquals(log, ["0 1.0.0.1", "10 1.0.0.1 closed", "10 1.0.0.2", "110 1.0.0.3", "410 1.0.0.3 closed"]);
  connection.close();
});

testOnFakeLoop("when none answers the errors of all are given, with the code of the first", async (host) => {
  network(host, { "1.0.0.1": { refuses: 10 }, "::1": { refuses: 20 }, "1.0.0.2": { refuses: 5 } });
  const error = await assertRejects(() => connect({ hostname: "example", port: 80 }), AggregateError);
  assertEquals(error.errors.map(({ message }) => message), [
    "refused by 1.0.0.1",
    "refused by ::1",
    "refused by 1.0.0.2",
  ]);
  assertEquals([(error as { code?: string }).code, host.timers], ["ECONNREFUSED", 0]);
});

testOnFakeLoop("an address itself is not looked up, and its error comes as it is", async (host) => {
  const log = network(host, { "10.0.0.1": { refuses: 1 } });
  const error = await assertRejects(() => connect({ hostname: "10.0.0.1", port: 80 }), Error, "refused by 10.0.0.1");
  assertEquals(error instanceof AggregateError, false);
  assertEquals(log, ["0 10.0.0.1", "1 10.0.0.1 closed"]);
});

testOnFakeLoop("a timeout, a signal and a cancellation close every attempt and leave no timer", async (host) => {
  const addresses: Record<string, Behaviour> = { "1.0.0.1": "silent", "::1": "silent", "1.0.0.2": "silent" };
  const log = network(host, addresses);
  const closed = () => log.filter((line) => line.endsWith("closed")).length;
  const error = await assertRejects(() => connect({ hostname: "example", port: 80, timeout: 400 }), TimeoutError);
  assertInstanceOf(error, Error);
  assertEquals([closed(), host.timers], [2, 0]);
  const controller = new AbortController();
  const connecting = connect({ hostname: "example", port: 80, signal: controller.signal });
  await sleep(600);
  controller.abort();
  await assertRejects(() => connecting);
  assertEquals([closed(), host.timers], [5, 0]);
  const scope = new CancelScope();
  await scope.run(async () => {
    const connecting = connect({ hostname: "example", port: 80 });
    await Promise.resolve();
    scope.cancel();
    await connecting;
  });
  assertEquals([scope.cancelCaught, host.timers], [true, 0]);
  assertEquals(closed(), log.length / 2);
});
