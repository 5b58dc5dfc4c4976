/** Pools and servers with the rights of docs/remote/nats.conf: what a caller and a worker do, and what they are refused. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Objm } from "@nats-io/obj";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DeadLetterError, NoWorkerError, type QueueOptions } from "../../../../remote.ts";
import { certificate } from "../../../support/certificate.ts";
import { root } from "../../../support/hosts.ts";
import { withNats } from "../../../support/nats.ts";
import { until, within, withinTest } from "../../../support/within.ts";
import { type Remote, withRemote } from "../remote_support.ts";

const queue = { queue: "images", ackWait: 5000, attempts: 2, largePayloads: true };

/** What a test has: options for a user, and the admin's own connection. */
interface Users extends Remote {
  as(user: string): QueueOptions;
  readonly admin: NatsConnection;
}

function usersTest(title: string, body: (users: Users) => Promise<void>): void {
  const passwords = { CALLER_PASSWORD: "caller-pw", WORKER_PASSWORD: "worker-pw", ADMIN_PASSWORD: "admin-pw" };
  test(title, () =>
    withinTest(withNats(async (nats) => {
      const tls = { ca: certificate.cert };
      const who = (user: string) => ({ servers: nats.url, tls, user, pass: `${user}-pw` });
      const as = (user: string): QueueOptions => ({
        ...queue,
        ...who(user),
        ...user !== "admin" && { inboxPrefix: `_INBOX_${user}` },
      });
      const admin = await connect(who("admin"));
      try {
        await withRemote((remote) => body({ ...remote, as, admin }));
      } finally {
        await admin.close();
      }
    }, (folder) => {
      const [CERTIFICATE, KEY] = [join(folder, "server.pem"), join(folder, "server.key")];
      writeFileSync(CERTIFICATE, certificate.cert);
      writeFileSync(KEY, certificate.key);
      return {
        file: join(root, "docs/remote/nats.conf"),
        env: { CERTIFICATE, KEY, STORE: join(folder, "store"), ...passwords },
      };
    })));
}

/** What the admin does once, as the guide says: asks for the queue, and makes the store of large values. */
async function prepare({ pool, as, admin }: Users): Promise<void> {
  const calls = pool(as("admin"));
  assertEquals(await calls.deadLetters(), []);
  await calls.close();
  await new Objm(admin).create("MILLRACE", { ttl: 3_600_000_000_000 });
}

usersTest(
  "a caller and a worker with their own rights: calls, streams, large values, cancellation, dead letters",
  async (users) => {
    const { pool, serve, as, admin } = users;
    await prepare(users);
    const server = await serve({
      ...as("worker"),
      backoff: { delay: 1 },
      retryOn: (error) => error instanceof RangeError,
    });
    const calls = pool(as("caller"));
    assertEquals(await calls.run("add", [1, 2]), 3);
    assertEquals(await calls.run("add", [1, 2], { idempotencyKey: "a key" }), 3);
    const large = await calls.run("echo", [new Uint8Array(2 << 20).fill(7)]) as Uint8Array;
    assertEquals([large.length, large[5]], [2 << 20, 7]);
    const seen: number[] = [];
    for await (const value of calls.stream("countTo", [100], { highWaterMark: 3 })) seen.push(value);
    assertEquals(seen.length, 100);
    const controller = new AbortController();
    const cancelled = calls.run("untilCancelled", [], {
      signal: controller.signal,
      onProgress: () => controller.abort(new RangeError("enough")),
    });
    await assertRejects(() => cancelled, RangeError, "enough");
    await until(() => server.statistics().cancelled === 1, "the function is told");
    const error = await assertRejects(() => calls.run("fail", ["mine"], { idempotencyKey: "dead" }), DeadLetterError);
    assertEquals(error.attempts, 2);
    const once = pool({ ...as("caller"), delivery: "at-most-once" });
    assertEquals(await once.run("add", [3, 4]), 7);
    await server.drain();
    await assertRejects(() => once.run("add", [1, 2]), NoWorkerError);
    const letters = await pool(as("admin")).deadLetters();
    assertEquals(letters.map(({ id, args }) => [id, args]), [["dead", ["mine"]]]);
    const { messages } =
      (await admin.request("$JS.API.STREAM.INFO.MILLRACE_images")).json<{ state: { messages: number } }>()
        .state;
    assertEquals(messages, 0);
  },
);

usersTest("what its rights do not allow is refused at the call, with what was refused", async (users) => {
  const { pool, serve, as } = users;
  const refused = async (work: () => Promise<unknown>, what: string): Promise<void> => {
    const error = await assertRejects(() => within(work(), `${what} is refused`, 20_000)) as Error;
    assert(/permissions? violation/i.test(error.message) && error.message.includes(what), `${error}`);
  };
  // Nobody has made the queue: neither of them may.
  await refused(() => pool(as("caller")).run("add", [1, 2]), "STREAM.CREATE.MILLRACE_images");
  await refused(() => serve(as("worker")), "STREAM.CREATE.MILLRACE_images");
  await prepare(users);
  const calls = pool(as("caller"));
  await serve(as("worker"));
  assertEquals(await calls.run("add", [1, 2]), 3);
  await refused(() => calls.deadLetters(), "STREAM.MSG.GET.MILLRACE_images_DEAD");
  await refused(() => calls.redrive("a"), "STREAM.MSG.GET.MILLRACE_images_DEAD");
  await refused(() => pool({ ...as("caller"), queue: "other" }).run("add", [1, 2]), "millrace.other.");
  // A worker calls nobody, and a caller serves nobody.
  await refused(() => pool(as("worker")).run("add", [1, 2]), "millrace.images.");
  await refused(() => serve(as("caller")), "millrace.images.");
  // Who is refused something goes on with the rest.
  assertEquals(await calls.run("add", [1, 2]), 3);
});
