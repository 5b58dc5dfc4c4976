/**
 * What a handler may say in the head of its answer, alike on every host.
 *
 * @module
 */

/** Tabs, and what is printed: a control character ends Deno's process, and goes out on Bun. */
const value = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Can it be sent as the value of a field, or as the text of a status? */
export function isFieldValue(text: string): boolean {
  return value.test(text);
}

/** Refuses a field that cannot be sent, before the host sees it. */
export function checkField(name: string, text: string): void {
  if (!value.test(text)) {
    throw new TypeError(`A header field cannot contain control characters: received ${name}: ${JSON.stringify(text)}`);
  }
}

/** Refuses the text of a status that cannot be sent. */
export function checkStatusText(text: string): void {
  if (text !== "" && !value.test(text)) {
    throw new TypeError(`The text of a status cannot contain control characters: received ${JSON.stringify(text)}`);
  }
}

/** Fields that say how the connection is used, which is the server's to say and not a handler's. */
const ofConnection = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Does the field, whose name is in small letters, say how the connection is used? */
export function isOfConnection(name: string): boolean {
  return ofConnection.has(name);
}
