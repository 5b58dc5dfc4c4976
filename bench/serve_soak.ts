/**
 * A soak of `serve`: many requests whose clients leave at random moments. Prints the heap, tasks, timers and descriptors before and
 * after. `COUNT` requests, 1,000,000 by default: `node --expose-gc --import tsx bench/serve_soak.ts 1000000`.
 */

import { readdirSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { serve } from "../io/mod.ts";
import { formatTasks, sleep } from "../mod.ts";
import { loop } from "../scheduler/queue/loop.ts";

const count = Number(process.argv[2] ?? 1_000_000);
const connections = 32;
const server = await serve(async (request, context) => {
  const kind = Number(new URL(request.url).pathname.slice(1));
  if (kind === 1) await sleep(1);
  if (kind === 2) context.spawn(() => sleep(1));
  if (kind === 3) context.signal.addEventListener("abort", () => {});
  if (kind === 4) await request.text();
  if (kind !== 5) return new Response("hello");
  return new Response(
    new ReadableStream({
      async pull(controller) {
        await sleep(1);
        controller.enqueue(new TextEncoder().encode("hello"));
        if (Math.random() < 0.3) controller.close();
      },
    }),
  );
}, { timeout: 5000, onError: (error) => console.log("error", error) });

/** Asks until all have been asked, and leaves now and then. */
let asked = 0;
function client(total: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(server.port, "127.0.0.1");
    let isOver = false;
    function over(): void {
      if (isOver) return;
      isOver = true;
      socket.destroy();
      if (asked < total) void client(total).then(resolve);
      else resolve();
    }
    function next(): void {
      if (asked >= total) return over();
      asked++;
      const kind = Math.floor(Math.random() * 6);
      if (kind === 4) socket.write("POST /4 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
      else socket.write(`GET /${kind} HTTP/1.1\r\nhost: a\r\n\r\n`);
      if (Math.random() < 0.1) setTimeout(over, Math.random() * 3);
    }
    let text = "";
    socket.setEncoding("latin1").on("data", (more: string) => {
      text += more;
      if (!text.endsWith("hello") && !text.endsWith("0\r\n\r\n")) return;
      if (/chunked/i.test(text) && !text.endsWith("0\r\n\r\n")) return;
      text = "";
      next();
    });
    socket.on("connect", next);
    socket.on("error", over);
    socket.on("close", over);
  });
}

async function report(): Promise<void> {
  while (server.statistics().active > 0) await sleep(10);
  for (let round = 0; round < 5; round++) {
    (globalThis as { gc?: () => void; Bun?: { gc(sync: boolean): void } }).gc?.();
    (globalThis as { Bun?: { gc(sync: boolean): void } }).Bun?.gc(true);
    await sleep(20);
  }
  const heap = (process.memoryUsage().heapUsed / 2 ** 20).toFixed(1);
  const descriptors = process.platform === "linux" ? readdirSync("/proc/self/fd").length : "?";
  const { active, queued, disconnected } = server.statistics();
  console.log(
    `${asked} requests: heap ${heap} MiB, ${descriptors} descriptors, ${loop().timers.size} timers, ${active} active, ` +
      `${queued} queued, ${disconnected} disconnected, tasks: ${formatTasks() || "none"}`,
  );
}

for (let part = 0; part <= 5; part++) {
  const total = part === 0 ? Math.min(10_000, count / 10) : count / 5 * part;
  await Promise.all(Array.from({ length: connections }, () => client(total)));
  await report();
}
await server.drain();
