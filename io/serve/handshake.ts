/**
 * What a request has to be to become a WebSocket. Hosts look at different parts of it, and some at hardly any.
 *
 * @module
 */

import { hasToken, listOf, trimmed } from "../../runtime/basics/field_values.ts";

/** The answer to a request that asks for no WebSocket, or wrongly; `undefined` for one that may have it. */
export function refusalOf({ method, headers }: Request, protocol: string | undefined): Response | undefined {
  if (method !== "GET") return refuse(405, "A WebSocket is asked for with GET", { allow: "GET" });
  const isAsked = trimmed(headers.get("upgrade") ?? "").toLowerCase() === "websocket" &&
    hasToken(headers.get("connection") ?? "", "upgrade");
  if (!isAsked) return refuse(426, "This is for WebSockets", { upgrade: "websocket", connection: "upgrade" });
  if (trimmed(headers.get("sec-websocket-version") ?? "") !== "13") {
    return refuse(426, "The version of WebSockets is 13", { "sec-websocket-version": "13" });
  }
  if (!isKey(trimmed(headers.get("sec-websocket-key") ?? ""))) return refuse(400, "A WebSocket's key has 16 bytes");
  const offered = headers.get("sec-websocket-protocol");
  const names = offered === null ? [] : listOf(offered);
  if (!names.every(isToken) || new Set(names).size < names.length) {
    return refuse(400, "The subprotocols are no list of names");
  }
  if (protocol !== undefined && !names.includes(protocol)) return refuse(400, `The subprotocol is ${protocol}`);
  return undefined;
}

function refuse(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(text + "\n", { status, headers });
}

/** Is it 16 bytes as base64? */
function isKey(key: string): boolean {
  return key.length === 24 && /^[+/0-9A-Za-z]{22}==$/.test(key);
}

/** Is it a name as HTTP has them? */
export function isToken(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}
