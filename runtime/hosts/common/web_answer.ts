/**
 * The head of an answer, made fit for hosts that send a `Response` as it is.
 *
 * @module
 */

import { checkField, checkStatusText, isOfConnection } from "../../basics/answer_head.ts";
import { hasToken } from "../../basics/field_values.ts";

/** The response, with no field that is the server's to say; throws for one that cannot be sent. */
export function sendable(response: Response): Response {
  if (isTextAlone(response)) return response;
  checkStatusText(response.statusText);
  let isAsSaid = true;
  const list = listOf(response);
  if (list === undefined) response.headers.forEach((value, name) => isAsSaid = look(name, value) && isAsSaid);
  else for (const [name, value] of list) isAsSaid = look(name.toLowerCase(), value) && isAsSaid;
  return isAsSaid ? response : withHeaders(response, (headers) => clean(headers, response.status));
}

/** Refuses a field that cannot be sent; answers whether this one is sent as it is. */
function look(name: string, value: string): boolean {
  checkField(name, value);
  return !isOfConnection(name) || (name === "connection" && value === "close");
}

/** Takes out what is not a handler's to say. It may say that its answer is the last one, and that another protocol is needed. */
function clean(headers: Headers, status: number): void {
  for (const name of [...headers.keys()].filter(isOfConnection)) {
    if (status === 426 && (name === "upgrade" || name === "connection")) continue;
    const isLast = name === "connection" && hasToken(headers.get(name)!, "close");
    headers.delete(name);
    if (isLast) headers.set("connection", "close");
  }
}

/** The length that a handler says the body of its answer has. */
export function declaredLength({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** The response, saying that it is the last one of its connection. */
export function lastOfConnection(response: Response): Response {
  return withHeaders(response, (headers) => headers.set("connection", "close"));
}

/** The response with other headers. Those of `fetch` and `Response.redirect` cannot be changed. */
function withHeaders(response: Response, change: (headers: Headers) => void): Response {
  try {
    change(response.headers);
    return response;
  } catch {
    const headers = new Headers(response.headers);
    change(headers);
    const { status, statusText, body } = response;
    return new Response(body, { status, statusText, headers });
  }
}

/**
 * The fields as Deno keeps them, in a property that is not public: to go through `headers` there takes as long as a tenth of a request.
 */
function listOf(response: Response): [string, string][] | undefined {
  if (responseSymbol === undefined) return undefined;
  const list = (response as unknown as Record<symbol, { headerList?: unknown } | undefined>)[responseSymbol]
    ?.headerList;
  return Array.isArray(list) ? list : undefined;
}

/** What Deno keeps the parts of a response under. */
export const responseSymbol: symbol | undefined = symbolOf("response");

/**
 * Was the response made of a text and nothing else, and has nobody looked at its fields since? Deno notes it, for a way of its own; to
 * look at the fields of such a response takes as long as a twentieth of a request.
 */
function isTextAlone(response: Response): boolean {
  return fieldsSymbol !== undefined && (response as unknown as Record<symbol, unknown>)[fieldsSymbol] === textFields;
}

const fieldsSymbol = symbolOf("serve fast header kind");
const textFields = fieldsSymbol && (new Response("text") as unknown as Record<symbol, unknown>)[fieldsSymbol];

function symbolOf(description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(new Response(null)).find((symbol) => symbol.description === description);
}
