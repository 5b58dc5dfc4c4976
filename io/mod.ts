/**
 * The second floor: what tasks wait for. Everything here opens or joins a scope; cancelling the scope releases it.
 *
 * @example
 * ```ts
 * import { serve } from "@millrace/millrace/io";
 *
 * const server = await serve((request) => new Response(new URL(request.url).pathname));
 * console.log(await (await fetch(new URL("/here", server.url))).text());
 * await server.drain();
 * ```
 *
 * @module
 */

export type { HostSignal } from "../runtime/port/host.ts";
export { exec, type ExecOptions, type ExecOutput } from "./processes/exec.ts";
export { ExecResult, ExitError } from "./processes/exec_result.ts";
export { openBytes, readBytes, type ReadBytesOptions } from "./files/files.ts";
export { encodeFrame, type FrameOptions, IncompleteFrameError, readFrames, writeFrame } from "./streams/frames.ts";
export { readLines, type ReadLinesOptions } from "./streams/lines.ts";
export {
  callAt,
  callLater,
  callSoon,
  createTask,
  type Executor,
  gather,
  Handle,
  runInExecutor,
  runUntilComplete,
  time,
} from "./asyncio/asyncio.ts";
export { LoopTask } from "./asyncio/loop_task.ts";
export { connect, type ConnectionOptions, type ConnectOptions } from "./net/connect.ts";
export type { Connection } from "./net/connection.ts";
export { listen, type Listener, type ListenOptions } from "./net/listen.ts";
export { serveTcp, type ServeTcpOptions } from "./net/serve_tcp.ts";
export type { ConnectTlsOptions, ListenTlsOptions } from "./net/tls.ts";
export { serve } from "./serve/serve.ts";
export type { Handler } from "./serve/live_request.ts";
export type { RequestContext } from "./serve/request_context.ts";
export { BodyLimitError, BodyTimeoutError } from "./serve/request_body.ts";
export type { RequestTrace } from "./serve/request_trace.ts";
export type { DrainOptions, RequestRecord, ServeOptions, ShedOptions } from "./serve/serve_options.ts";
export type { TlsOptions } from "./net/tls.ts";
export type { DrainSummary, Server, ServerStatistics } from "./serve/server.ts";
export { ServerWebSocket, type UpgradeOptions, type WebSocketClose, WebSocketClosedError } from "./serve/web_socket.ts";
export { signals } from "./processes/signals.ts";
export { TooLongError } from "./streams/too_long_error.ts";
export { walk, type WalkEntry, type WalkOptions } from "./files/walk.ts";
export { watch, type WatchEvent, type WatchOptions } from "./files/watch.ts";
export { writeFile, type WriteFileOptions } from "./files/write_file.ts";
