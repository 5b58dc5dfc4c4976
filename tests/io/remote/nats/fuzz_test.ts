/** Hostile messages over the subjects of a pool: each is counted, none is a call, and good calls go on. */

import { test } from "node:test";
import { connect, headers } from "@nats-io/transport-node";
import { assert, assertEquals } from "@std/assert";
import { Hostile } from "../../../support/remote_fuzz/hostile.ts";
import { isRead } from "../../../support/remote_fuzz/readers.ts";
import { until } from "../../../support/within.ts";
import { overNats } from "./over_nats.ts";

/** How many messages go to each kind of subject. */
const count = 1000;

test("hostile messages on each subject of a pool are counted, and neither a server nor a pool minds", () =>
  overNats(async ({ pool, serve, nats }) => {
    const [calls, server] = [pool(), await serve({ backoff: { delay: 1 } })];
    assertEquals(await calls.run("add", [1, 2]), 3);
    const stranger = await connect({ servers: nats.url });
    const inbox = (await nats.subscriptions()).flat().find((subject) => subject.startsWith("millrace.default.inbox."))!;
    const subjects = {
      job: ["millrace.default.task.user-visible.add", "millrace.default.task.background.constructor"],
      call: ["millrace.default.call"],
      control: ["millrace.default.control"],
      answer: [inbox],
    };
    const unread = { server: 0, pool: 0 };
    const hostile = new Hostile(11);
    for (const [kind, [subject, other = subject]] of Object.entries(subjects)) {
      for (let index = 0; index < count; index++) {
        const bytes = hostile.next();
        const reader = kind === "call" ? "job" : kind;
        // What can be read is sent elsewhere: a job, to be run, is one of a name that nobody knows.
        if (isRead(reader, bytes)) continue;
        unread[kind === "answer" ? "pool" : "server"]++;
        const made = headers();
        if (index % 3 === 0) made.set("priority", "__proto__");
        if (index % 5 === 0) made.set("Nats-Msg-Id", `${index}`);
        const reply = index % 7 === 0 ? { reply: "millrace.default.control.nobody" } : {};
        stranger.publish(index % 2 === 0 ? subject! : other!, bytes, { headers: made, ...(kind !== "job" && reply) });
        // No more than the server takes at once from one that does not read.
        if (index % 100 === 0) await stranger.flush();
      }
    }
    await stranger.flush();
    await until(() => server.statistics().malformed >= unread.server, "the server has seen all");
    await until(() => calls.statistics().malformed >= unread.pool, "the pool has seen all");
    assertEquals([server.statistics().malformed, calls.statistics().malformed], [unread.server, unread.pool]);
    assertEquals([server.statistics().completed, server.statistics().failed], [1, 0]);
    // Names of all objects, in messages that are as they should be otherwise.
    const unknown = calls as unknown as { run(name: string, args: unknown[], options?: object): Promise<unknown> };
    for (const name of Object.getOwnPropertyNames(Object.prototype)) {
      const error = await unknown.run(name, []).catch((error: unknown) => error) as Error;
      assert(error.message.includes("exports no function"), `${name}: ${error}`);
    }
    const seen: number[] = [];
    for await (const value of calls.stream("countTo", [10])) seen.push(value);
    assertEquals([seen.length, await calls.run("add", [3, 4])], [10, 7]);
    assertEquals([server.statistics().running, server.statistics().isConnected], [0, true]);
    assertEquals(Object.keys(Object.prototype), []);
    await stranger.close();
  }, { attempts: 1 }));
