import { hasToken } from "../../basics/field_values.ts";
import { badRequest, headTooLarge, notImplemented, Refusal, type RequestHead } from "../common/request_head.ts";
import type { Incoming } from "./http_body.ts";

/** A head of `node:http`, with what else is asked of one. */
export interface NodeHead extends RequestHead {
  readonly connection: string | undefined;
  readonly upgrade: string | undefined;
}

/**
 * The head as it came: Node's own `headers` have the first of two values where they differ. Fields are told apart by their lengths
 * first, as most are none of these.
 */
export function headOf({ method, url, httpVersion, rawHeaders }: Incoming): NodeHead {
  let host: string | undefined;
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  let connection: string | undefined;
  let upgrade: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    const value = rawHeaders[index + 1]!;
    if (name.length === 4) {
      if (name.toLowerCase() === "host") host = joined(host, value);
    } else if (name.length === 14) {
      if (name.toLowerCase() === "content-length") contentLength = joined(contentLength, value);
    } else if (name.length === 17) {
      if (name.toLowerCase() === "transfer-encoding") transferEncoding = joined(transferEncoding, value);
    } else if (name.length === 10) {
      if (name.toLowerCase() === "connection") connection = joined(connection, value);
    } else if (name.length === 7) {
      if (name.toLowerCase() === "upgrade") upgrade = joined(upgrade, value);
    }
  }
  return {
    method,
    target: url,
    version: httpVersion,
    fields: rawHeaders.length / 2,
    host,
    contentLength,
    transferEncoding,
    connection,
    upgrade,
  };
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

/** Does the request have a body? */
export function hasBody({ contentLength, transferEncoding }: RequestHead): boolean {
  return transferEncoding !== undefined || (contentLength !== undefined && !/^0+$/.test(contentLength));
}

/** Does it ask for a WebSocket? One with a body is read by its framing, as any other request: its bytes are not to be read in two ways. */
export function asksForWebSocket(head: NodeHead): boolean {
  const { method, version, connection, upgrade } = head;
  return method === "GET" && version === "1.1" && upgrade?.toLowerCase() === "websocket" && connection !== undefined &&
    hasToken(connection, "upgrade") && !hasBody(head);
}

/** An error of Node's parser. */
export interface ParserError {
  readonly code?: string;
  /** What was being parsed, and how far. */
  readonly rawPacket?: Uint8Array;
  readonly bytesParsed?: number;
}

const refusals: Record<string, Refusal | undefined> = {
  HPE_HEADER_OVERFLOW: headTooLarge,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: new Refusal(413),
  HPE_INVALID_VERSION: new Refusal(505),
  ERR_HTTP_REQUEST_TIMEOUT: new Refusal(408),
};

/** What a client gets for what Node cannot parse; `undefined` for bytes behind the last request, which are nobody's. */
export function refusalOf(error: ParserError): Refusal | undefined {
  if (error.code === "HPE_CLOSED_CONNECTION") return undefined;
  if (error.code === "HPE_INVALID_METHOD" && isUnknownMethod(error)) return notImplemented;
  return refusals[error.code ?? ""] ?? badRequest;
}

declare const Buffer: {
  from(buffer: ArrayBufferLike, offset: number, length: number): { toString(encoding: "latin1"): string };
};

/** Does the line at fault begin as a request does, with a method that Node does not know? */
function isUnknownMethod({ rawPacket, bytesParsed = 0 }: ParserError): boolean {
  if (rawPacket === undefined) return false;
  const start = rawPacket.lastIndexOf(10, Math.max(0, bytesParsed - 1)) + 1;
  const { buffer, byteOffset, byteLength } = rawPacket;
  const line = Buffer.from(buffer, byteOffset + start, Math.min(byteLength - start, 300)).toString("latin1");
  return /^[!#$%&'*+.^_`|~\w-]{1,40} [^\s]+ HTTP\/1\.[01]\r\n/.test(line);
}
