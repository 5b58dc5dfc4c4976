/**
 * The head of an answer, made fit for hosts that send a `Response` as it is.
 *
 * @module
 */

import { checkField, checkStatusText, isOfConnection } from "../../basics/answer_head.ts";

/** The response, without fields that are the server's to say; throws for one that cannot be sent. */
export function sendable(response: Response): Response {
  checkStatusText(response.statusText);
  let own: string[] | undefined;
  const look = (name: string, value: string): void => {
    checkField(name, value);
    if (isServers(name.toLowerCase(), value, response.status)) (own ??= []).push(name);
  };
  const list = listOf(response);
  if (list !== undefined) { for (let index = 0; index < list.length; index++) look(list[index]![0], list[index]![1]); }
  else response.headers.forEach((value, name) => look(name, value));
  if (own === undefined) return response;
  const names = own;
  return withHeaders(response, (headers) => names.forEach((name) => headers.delete(name)));
}

/** May a handler not say this? It may say that its answer is the last one, and that another protocol is needed. */
function isServers(name: string, value: string, status: number): boolean {
  if (!isOfConnection(name)) return false;
  if (status === 426 && (name === "upgrade" || name === "connection")) return false;
  return name !== "connection" || value.toLowerCase() !== "close";
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
export const responseSymbol: symbol | undefined = Object.getOwnPropertySymbols(new Response(null)).find((
  { description },
) => description === "response");
