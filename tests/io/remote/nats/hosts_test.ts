/** Callers on this host, and those who serve on each of the others. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { QueueFullError } from "../../../../mod.ts";
import { hostOfThis, type MatrixHost } from "../../../support/hosts.ts";
import { until } from "../../../support/within.ts";
import { overNats } from "./over_nats.ts";

const others = (["node", "node26", "deno", "bun"] satisfies MatrixHost[]).filter((host) => host !== hostOfThis());

for (const host of others) {
  test(`calls of this host are served by ${host}: values, errors, streams, large bytes and cancellation cross`, () =>
    overNats(async ({ pool, serveApart }) => {
      const calls = pool();
      await serveApart({ host });
      assertEquals(await calls.run("hostOf", []), host);
      // Values, one of each kind.
      const shared = { twice: true };
      const value = {
        ...{ text: "\ud83d\ude00 \0", none: undefined, nothing: null, big: -(2n ** 70n), nan: NaN, zero: -0 },
        ...{ date: new Date(1e12), url: new URL("http://a/b?c"), bytes: new Uint8Array([1, 2, 255]) },
        ...{ floats: new Float64Array([1.5, -0, NaN]), bigs: new BigInt64Array([-1n]), buffer: new ArrayBuffer(3) },
        ...{ map: new Map<unknown, unknown>([[shared, new Set([1n])]]), list: [shared, , 3] },
      };
      const echoed = await calls.run("echo", [value]) as typeof value;
      assertEquals(echoed, value);
      assert(Object.is(echoed.zero, -0) && echoed.list[0] === [...echoed.map.keys()][0], "it is one object still");
      // Errors, as what they were.
      const error = await assertRejects(() => calls.run("fail", ["mine"]), RangeError, "mine");
      assertEquals((error as RangeError & { code: string }).code, "E_MINE");
      const nested = await assertRejects(() => calls.run("failNested", [])) as AggregateError;
      assert(nested instanceof AggregateError && nested.errors[0] instanceof TypeError);
      assert(nested.errors[1] instanceof DOMException && nested.errors[1].name === "DataError");
      assert(nested.cause instanceof QueueFullError && nested.cause.limit === 7);
      // Large bytes, both ways.
      const large = await calls.run("echo", [new Uint8Array(2 << 20).fill(9)]) as Uint8Array;
      assertEquals([large.length, large[1 << 20]], [2 << 20, 9]);
      // Streams and progress.
      const seen: unknown[] = [];
      for await (const each of calls.stream("countTo", [20], { highWaterMark: 2 })) seen.push(each);
      assertEquals(seen, Array.from({ length: 20 }, (_, index) => index + 1));
      const told: unknown[] = [];
      assertEquals(await calls.run("progress", [3], { onProgress: (each) => told.push(each) }), "done");
      assertEquals(told, [0, 1, 2]);
      // Cancellation: of a busy loop, and of a stream that is left.
      const controller = new AbortController();
      const spinning = calls.run("spinUntilCancelled", [], {
        signal: controller.signal,
        onProgress: () => controller.abort(new RangeError("enough")),
      });
      await assertRejects(() => spinning, RangeError, "enough");
      for await (const each of calls.stream("countTo", [1e9])) if (each === 3) break;
      assertEquals(await calls.run("add", [1, 2]), 3);
      assertEquals(await calls.functions.told().then(({ attempt }) => attempt), 1);
      await until(() => calls.statistics().pending === 0, "nothing is pending");
      assertEquals(calls.statistics().malformed, 0);
    }, { largePayloads: true }));
}
