/**
 * Freezes what the language has built in, then imports the library and uses it: prints what came of it. Bun's own modules have to
 * be loaded before: some fail to load afterwards.
 */

import "node:http";
import "node:events";
import "node:fs/promises";
import "node:net";

const seen = new Set<unknown>();

function freeze(value: unknown): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) freeze(Reflect.getOwnPropertyDescriptor(value, key)?.value);
  freeze(Reflect.getPrototypeOf(value));
  Object.freeze(value);
}

const builtIn = [
  Object,
  Function,
  Array,
  Promise,
  Map,
  Set,
  WeakMap,
  WeakSet,
  Symbol,
  String,
  Number,
  Boolean,
  RegExp,
  Date,
];
for (const each of [...builtIn, Error, TypeError, RangeError, Reflect, JSON, Math, Proxy, Uint8Array, Int32Array]) {
  freeze(each);
}

const { group, sleep, withTimeout, mapChunked, scheduler, CancelScope, WorkerPool } = await import("../../mod.ts");
const { explore } = await import("../../testing.ts");
const { connect, readLines, serve } = await import("../../io/mod.ts");

const told: unknown[] = [];
const nameOf = (error: unknown): string => (error as Error).name;
told.push(await group(async (g) => await g.spawn(() => sleep(1).then(() => "task"))));
told.push(await withTimeout(1, () => sleep(10_000)).catch(nameOf));
told.push(
  await group(async (g) => {
    g.spawn(() => Promise.reject(new RangeError("one fails")));
    await sleep(10_000);
  }).catch(nameOf),
);
told.push(await mapChunked([1, 2], (n) => n * 2), await scheduler.postTask(() => "posted"));
const scope = new CancelScope();
await scope.run(async () => {
  scope.cancel();
  await sleep(10_000);
});
told.push(scope.cancelCaught, (await explore(() => sleep(1))).schedules);
await using pool = new WorkerPool<{ double(n: number): number }>(
  new URL("../scheduler/workers/programs/exports_object.cjs", import.meta.url),
);
told.push(await pool.run("double", [4]));
await using server = await serve(() => new Response("answer"), { port: 0 });
// Not by `fetch`, of which Node's own part fails then.
const connection = await connect({ hostname: "127.0.0.1", port: server.port });
await connection.write("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
for await (const line of readLines(connection)) if (line === "answer") told.push(line);
console.log(JSON.stringify(told));
