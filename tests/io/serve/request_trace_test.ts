import diagnostics from "node:diagnostics_channel";
import { test } from "node:test";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import type { RequestTrace } from "../../../io/mod.ts";
import { parseTraceparent } from "../../../io/serve/request_trace.ts";
import { latch } from "../../support/latch.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";

test("a traceparent is read as the standard says, and one that is not valid is none", () => {
  const valid = `00-${traceId}-${parentId}-01`;
  assertEquals(parseTraceparent(valid), { traceId, parentId, flags: "01" });
  assertEquals(parseTraceparent(` ${valid} `)?.traceId, traceId);
  // Later versions may say more, and are read as far as this one goes.
  assertEquals(parseTraceparent(`cc-${traceId}-${parentId}-09-more`)?.parentId, parentId);
  for (
    const header of [
      null,
      "",
      `ff-${traceId}-${parentId}-01`,
      `00-${traceId}-${parentId}-01-more`,
      `00-${traceId.toUpperCase()}-${parentId}-01`,
      `00-${"0".repeat(32)}-${parentId}-01`,
      `00-${traceId}-${"0".repeat(16)}-01`,
      `00-${traceId}-${parentId}`,
      `00-${traceId.slice(1)}-${parentId}-01`,
      `${valid},${valid}`,
    ]
  ) assertEquals(parseTraceparent(header), undefined, String(header));
  fc.assert(fc.property(fc.string(), (text) => parseTraceparent(text) === undefined));
});

test("context.traceparent goes on with the client's trace, or begins one; it stays the same", async () => {
  await withServer(
    (_request, context) => Response.json([context.traceparent, context.traceparent]),
    {},
    async (server) => {
      const ask = async (traceparent?: string): Promise<string[]> =>
        await (await fetch(server.url, traceparent === undefined ? {} : { headers: { traceparent } })).json();
      for (const flags of ["00", "01"]) {
        const [one, two] = await ask(`00-${traceId}-${parentId}-${flags}`);
        assertEquals(one, two);
        assert(new RegExp(`^00-${traceId}-[0-9a-f]{16}-${flags}$`).test(one!) && !one!.includes(parentId), one);
      }
      const [begun] = await ask();
      const [other] = await ask("nonsense");
      assert(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/.test(begun!), begun);
      assert(begun !== other, "two requests have one trace");
    },
  );
});

test("a subscriber of the start may say which place in its trace a request has, and the handler passes that on", async () => {
  const place = `00-${traceId}-${parentId}-00`;
  const ends: string[] = [];
  const onStart = (message: unknown): void => void ((message as RequestTrace).traceparent = place);
  const onEnd = (message: unknown): void => {
    const { traceId, spanId } = message as RequestTrace;
    ends.push(traceId, spanId);
  };
  diagnostics.subscribe("millrace.request.start", onStart);
  diagnostics.subscribe("millrace.request.end", onEnd);
  try {
    await withServer((_request, context) => new Response(context.traceparent), {}, async (server) => {
      assertEquals(await (await fetch(server.url)).text(), place);
      await until(() => server.statistics().completed === 1, "the request has ended");
    });
  } finally {
    diagnostics.unsubscribe("millrace.request.start", onStart);
    diagnostics.unsubscribe("millrace.request.end", onEnd);
  }
  assertEquals(ends, [traceId, parentId]);
});

test("subscribers are told of the start, errors and the end of each request, with the same object", async () => {
  const told: [string, RequestTrace][] = [];
  const channels = ["start", "error", "end"].map((what) => {
    const name = `millrace.request.${what}`;
    const listener = (message: unknown) => void told.push([what, message as RequestTrace]);
    return { name, listener };
  });
  for (const { name, listener } of channels) diagnostics.subscribe(name, listener);
  try {
    await withServer(
      (request) => {
        if (request.url.endsWith("/bad")) throw new Error("bad");
        return new Response("fine", { status: 201 });
      },
      { onError() {} },
      async (server) => {
        await (await fetch(new URL("/ok", server.url), { headers: { traceparent: `00-${traceId}-${parentId}-01` } }))
          .text();
        await (await fetch(new URL("/bad", server.url))).text();
        await until(() => server.statistics().completed === 2, "both have ended");
      },
    );
  } finally {
    for (const { name, listener } of channels) diagnostics.unsubscribe(name, listener);
  }
  assertEquals(told.map(([what]) => what), ["start", "end", "start", "error", "end"]);
  const [start, end, badStart, , badEnd] = told.map(([, trace]) => trace);
  assertStrictEquals(start, end);
  assertStrictEquals(badStart, badEnd);
  assertEquals([start!.traceId, start!.parentId, start!.record?.status], [traceId, parentId, 201]);
  assertEquals([(badEnd!.error as Error).message, badEnd!.record?.status, badEnd!.parentId], ["bad", 500, undefined]);
});

test("what a request says of itself is still there when it has ended, for hooks", async () => {
  const paths: string[] = [];
  const path = (request: Request) => new URL(request.url).pathname;
  await withServer(
    () => new Response("hello"),
    { onRequest: (request) => paths.push(path(request)) },
    async (server) => {
      await (await fetch(new URL("/logged", server.url))).text();
      await until(() => server.statistics().completed === 1, "the request has ended");
    },
  );
  const failed: string[] = [];
  const late = latch();
  await withServer(
    () => late.promise.then(() => Promise.reject(new Error("late"))),
    { timeout: 1, onError: (_error, request) => failed.push(path(request)) },
    async (server) => {
      await (await fetch(new URL("/late", server.url))).text();
      late.open();
      await until(() => server.statistics().completed === 1, "the request has ended");
    },
  );
  assertEquals([paths, failed], [["/logged"], ["/late"]]);
});
