import { test } from "node:test";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CancelScope, group } from "../../../mod.ts";
import { connect, listen } from "../../../io/mod.ts";
import { RawClient } from "../../support/http.ts";

test("a cancelled accept takes nobody away from the next one; close ends those that wait", async () => {
  const listener = await listen();
  const scope = new CancelScope();
  await scope.run(() => {
    const accepting = listener.accept();
    scope.cancel();
    return accepting;
  });
  const client = await RawClient.open(listener.port);
  const connection = await listener.accept();
  assertEquals(typeof connection!.remotePort, "number");
  connection!.close();
  await client.closed;
  const waiting = listener.accept();
  await listener.close();
  assertEquals(await waiting, undefined);
  const error = await assertRejects(() => connect({ port: listener.port || 1 }), Error);
  assertEquals((error as { code?: string }).code, "ECONNREFUSED");
});

test("a port in use is an error by its code", async () => {
  const listener = await listen();
  const error = await assertRejects(() => listen({ port: listener.port }), Error);
  assertEquals((error as { code?: string }).code, "EADDRINUSE");
  await listener.close();
  const again = await listen({ port: listener.port });
  await again.close();
});

test("a certificate that cannot be read is an error, and leaves nothing behind", async () => {
  const broken = "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n";
  await group(async () => {
    await assertRejects(() => listen({ tls: { cert: broken, key: broken } }), Error);
  });
});

test("what comes beyond the backlog is closed at once, and the others can still be accepted", async () => {
  const listener = await listen({ backlog: 1 });
  const first = await RawClient.open(listener.port);
  const second = await RawClient.open(listener.port);
  await second.closed;
  const connection = (await listener.accept())!;
  await connection.write("hello");
  await first.waitFor(/hello/);
  connection.close();
  await first.closed;
  await listener.close();
});

test("leaving the loop over a listener closes it", async () => {
  const listener = await listen();
  const client = await connect({ port: listener.port });
  for await (const connection of listener) {
    connection.close();
    break;
  }
  client.close();
  const error = await assertRejects(() => connect({ port: listener.port || 1 }), Error);
  assertEquals((error as { code?: string }).code, "ECONNREFUSED");
  assertEquals(await listener.accept(), undefined);
});

test("wrong options of a listener throw at the call", () => {
  assertThrows(() => listen({ backlog: -1 }), RangeError);
  assertThrows(() => listen({ tls: true as never }), TypeError);
  assertThrows(() => listen({ tls: { cert: "x" } as never }), TypeError);
  assertThrows(() => listen({ port: 1.5 }), RangeError);
  assertThrows(() => listen({ unix: 3 as never }), TypeError);
});
