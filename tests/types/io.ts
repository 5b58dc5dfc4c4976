// deno-lint-ignore-file require-await
/** The types of servers, sockets, files and programs. */

import type { Task, TaskGroup } from "@millrace/millrace";
import {
  bytes,
  connect,
  type Connection,
  type DrainSummary,
  exec,
  type ExecResult,
  type Handler,
  html,
  json,
  listen,
  openBytes,
  proxy,
  readBytes,
  readFrames,
  readLines,
  redirect,
  type RequestContext,
  serve,
  type Server,
  type ServerStatistics,
  text,
  walk,
  type WalkEntry,
  writeFile,
} from "@millrace/millrace/io";
import type { Equal, Row } from "./equal.ts";

declare const row: Row;

/** Handlers get a request and its context, and give a response, now or later. */
export async function served(): Promise<void> {
  const server = await serve(async (request, context) => {
    true satisfies Equal<typeof request, Request>;
    true satisfies Equal<typeof context, RequestContext>;
    true satisfies Equal<typeof context.group, TaskGroup>;
    true satisfies Equal<typeof context.signal, AbortSignal>;
    true satisfies Equal<typeof context.remoteAddress, string | undefined>;
    const task = context.spawn(async (task) => (task.name, row));
    true satisfies Equal<typeof task, Task<Row>>;
    context.defer(({ status }) => void status);
    // @ts-expect-error The signal is the request's.
    context.signal = AbortSignal.timeout(1);
    return Response.json(await task);
  }, {
    port: 0,
    maxConcurrent: 10,
    queueLimit: 10,
    timeout: 1000,
    shed: { delay: 100 },
    drain: { delay: 0, grace: 10, force: 20 },
    onError: (error, request) => void [error satisfies unknown, request satisfies Request],
    onRequest: (_, { status, end }) => void (end === "sent" && status),
  });
  true satisfies Equal<typeof server, Server>;
  true satisfies Equal<typeof server.url, URL>;
  const numbers = server.statistics();
  true satisfies Equal<typeof numbers, ServerStatistics>;
  const summary = await server.drain({ grace: 10 });
  true satisfies Equal<typeof summary, DrainSummary>;
  true satisfies Equal<typeof server.finished, Promise<DrainSummary>>;
  server satisfies AsyncDisposable;
  (() => new Response()) satisfies Handler;
  // @ts-expect-error Statistics are of one moment.
  numbers.active = 0;
  // @ts-expect-error The port is the one it got.
  server.port = 80;
  // @ts-expect-error A response, and no text.
  serve(() => "text");
  // @ts-expect-error Whoever answers has a response.
  serve(async () => {});
  // @ts-expect-error No such option.
  serve(() => new Response(), { prot: 80 });
  // @ts-expect-error Times of a drain are in an object.
  serve(() => new Response(), { drain: 10 });
}

/** Helpers give responses, at once; what is handed on is one later. */
export async function answered(request: Request): Promise<void> {
  const responses = [
    text("a", { status: 404 }),
    html("<p>"),
    json(row, { headers: { a: "b" } }),
    bytes(new Uint8Array(1)),
    redirect(new URL("http://a.example"), 308, { headers: [["a", "b"]] }),
  ];
  true satisfies Equal<typeof responses, Response[]>;
  const response = await proxy(request, "http://a.example", { headers: { a: "b" }, signal: AbortSignal.timeout(1) });
  true satisfies Equal<typeof response, Response>;
  // @ts-expect-error A text.
  text(1);
  // @ts-expect-error No redirect.
  redirect("/", 200);
  // @ts-expect-error The status comes before.
  redirect("/", 302, { status: 301 });
  // @ts-expect-error No such option.
  proxy(request, "http://a.example", { timeout: 10 });
}

/** Connections give bytes, or nothing at their end. */
export async function connected(): Promise<void> {
  await using connection = await connect({ hostname: "localhost", port: 80, timeout: 1000 });
  true satisfies Equal<typeof connection, Connection>;
  const first = await connection.read();
  true satisfies Equal<typeof first, Uint8Array | undefined>;
  await connection.write("text");
  for await (const chunk of connection) true satisfies Equal<typeof chunk, Uint8Array>;
  for await (const line of readLines(connection, { maxLength: 100 })) true satisfies Equal<typeof line, string>;
  for await (const frame of readFrames(connection, { prefix: 2 })) frame satisfies Uint8Array;
  const listener = await listen({ port: 0 });
  const accepted = await listener.accept();
  true satisfies Equal<typeof accepted, Connection | undefined>;
  // @ts-expect-error Bytes or text.
  connection.write(1);
  // @ts-expect-error A prefix has one, two or four bytes.
  readFrames(connection, { prefix: 3 });
  // @ts-expect-error No such option.
  connect({ host: "localhost", port: 80 });
}

/** Files and programs. */
export async function files(): Promise<void> {
  const bytes = await readBytes("file", { maxBytes: 100 });
  true satisfies Equal<typeof bytes, Uint8Array>;
  for await (const chunk of openBytes(new URL("file:///file"))) true satisfies Equal<typeof chunk, Uint8Array>;
  for await (const entry of walk("folder")) true satisfies Equal<typeof entry, WalkEntry>;
  await writeFile("file", bytes);
  const result = await exec("git", ["log"], { timeout: 1000, check: true, stderr: "inherit" });
  true satisfies Equal<typeof result, ExecResult>;
  true satisfies Equal<ReturnType<typeof result.lines>, string[]>;
  true satisfies Equal<typeof result.exitCode, number | null>;
  // @ts-expect-error Arguments are a list: nothing is taken apart by a shell.
  exec("git", "log");
  // @ts-expect-error No such option.
  exec("git", [], { shell: true });
  // @ts-expect-error That is what came of it.
  result.exitCode = 0;
}
