import { test } from "node:test";
import { assert } from "@std/assert";
import { serve } from "../../../io/mod.ts";
import { LoopMonitor, sleep } from "../../../mod.ts";

function spin(): void {
  const end = performance.now() + 200;
  while (performance.now() < end);
}

test("a long turn is told with the method and path of the request that it ran for, at each stage of it", async () => {
  const told: string[] = [];
  const monitor = new LoopMonitor({ longTurn: 150, onLongTurn: ({ who }) => told.push(who) });
  const server = await serve(async (request, context) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/at-once") spin();
    if (pathname === "/microtask") {
      await Promise.resolve();
      spin();
    }
    if (pathname === "/after-a-wait") {
      await sleep(1);
      spin();
    }
    if (pathname === "/in-a-task") await context.spawn(spin, { name: "greedy" });
    return new Response("done");
  }, { hostname: "127.0.0.1", port: 0 });
  try {
    for (const path of ["at-once", "microtask", "after-a-wait", "in-a-task"]) {
      const response = await fetch(new URL(`/${path}?query`, server.url), { headers: { connection: "close" } });
      await response.text();
    }
    for (const who of ["request GET /at-once", "request GET /microtask", "request GET /after-a-wait"]) {
      assert(
        told.some((text) => text === who || text.startsWith(`${who}, or`)),
        `${who} is not among ${told.join("; ")}`,
      );
    }
    assert(told.some((text) => /^task GET \/in-a-task > greedy#\d+/.test(text)), told.join("; "));
  } finally {
    await server.drain();
    monitor.close();
  }
});
