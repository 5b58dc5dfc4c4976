/**
 * A server of HTTP whose requests are groups.
 *
 * @module
 */

export type { DrainSummary } from "./drain.ts";
export type { Handler } from "./request_owner.ts";
export { nativeRequest } from "./native_request.ts";
export { proxy, type ProxyOptions } from "./proxy.ts";
export { BodyLimitError, BodyTimeoutError } from "./request_body.ts";
export type { RequestContext } from "./request_context.ts";
export type { RequestTrace } from "./request_trace.ts";
export { type AnswerInit, bytes, html, json, redirect, type RedirectStatus, text } from "./responses.ts";
export { serve } from "./serve.ts";
export type { DrainOptions, RequestRecord, ServeOptions, ShedOptions } from "./serve_options.ts";
export type { Server, ServerStatistics } from "./server.ts";
export { UpstreamError } from "./upstream_error.ts";
export { ServerWebSocket, type UpgradeOptions, type WebSocketClose, WebSocketClosedError } from "./web_socket.ts";
