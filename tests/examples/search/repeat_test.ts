/** The switch that blocks the loop: what it does to the server, and who may ask for it. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { until } from "../../support/within.ts";
import { type Client, type Statistics, withServer } from "./searching.ts";

async function repeat(client: Client, parameters: Record<string, string>, fromPage = true): Promise<Response> {
  return await fetch(client.url("/repeat", { q: "walk dog", ...parameters }), {
    headers: fromPage ? { "x-millrace-page": "1" } : {},
  });
}

test("a naive search holds up the whole server for as long as it was asked to, and the next one in slices does not", async () => {
  await withServer(60_000, async (client) => {
    const before = await client.idle();
    const naive = await repeat(client, { ms: "500", naively: "1" });
    assert((await naive.json()).rounds > 0);
    // The answer may be sooner than the look at how late the loop was.
    const isLate = async (): Promise<boolean> => {
      const { loop }: Statistics = JSON.parse((await client.get("/stats", { since: String(before.now) })).text);
      return loop.recent > 300;
    };
    await until(isLate, "the loop was late by more than 300 ms");

    // In slices others are answered meanwhile: they see it run. On a machine that stands still for so long they may not.
    let seen = false;
    for (let attempt = 0; attempt < 20 && !seen; attempt++) {
      let isOver = false;
      const searching = repeat(client, { ms: "500" }).then(async (response) => {
        assert((await response.json()).rounds > 0);
        isOver = true;
      });
      while (!isOver && !seen) {
        const { server }: Statistics = JSON.parse((await client.get("/stats")).text);
        seen = server.active === 2;
      }
      await searching;
    }
    assert(seen, "no other request was answered while a search ran in slices");
  });
});

test("only the page may hold up the server: other sites' pages cannot send the header, nor anybody ask for longer", async () => {
  await withServer(60_000, async (client) => {
    const statusOf = async (response: Promise<Response>) => {
      const { status, body } = await response;
      await body?.cancel();
      return status;
    };
    assertEquals(await statusOf(repeat(client, { ms: "10", naively: "1" }, false)), 403);
    const asked = await fetch(client.url("/repeat"), {
      method: "OPTIONS",
      headers: { origin: "http://evil.example", "access-control-request-headers": "x-millrace-page" },
    });
    await asked.body?.cancel();
    assertEquals([asked.status, asked.headers.get("access-control-allow-origin")], [405, null]);
    assertEquals(await statusOf(repeat(client, { ms: "501" })), 400);
    assertEquals(await statusOf(repeat(client, { ms: "0" })), 400);
    assertEquals(await statusOf(repeat(client, { q: " " })), 400);
    assertEquals(await statusOf(repeat(client, { ms: "10" })), 200);
  });
});
