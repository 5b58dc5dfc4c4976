/**
 * Clients that ask a server all the time while it is told to end.
 *
 * @module
 */

import { connect } from "node:net";

/** What became of the requests of all clients. */
export interface Fates {
  /** Requests that were answered. */
  answered: number;
  /** Of those, by a refusal. */
  refused: number;
  /** Requests that found their connection closed cleanly: their clients know that they have not run, and ask again. */
  closed: number;
  /** Requests that got neither: an end in the middle of the answer, or a reset. */
  lost: number;
  /** What the lost ones saw. */
  readonly seen: string[];
}

/**
 * Has so many clients ask on connections of their own, one request after the other, until the server ends each; `onAnswer` is told how many
 * answers have come, at each of them.
 */
export async function askUntilClosed(
  port: number,
  clients: number,
  onAnswer: (answered: number) => void,
): Promise<Fates> {
  const fates: Fates = { answered: 0, refused: 0, closed: 0, lost: 0, seen: [] };
  await Promise.all(Array.from({ length: clients }, (_, index) => askOn(port, index, fates, onAnswer)));
  return fates;
}

/** One connection: no request is sent on it after an answer that says it is the last. */
function askOn(port: number, index: number, fates: Fates, onAnswer: (answered: number) => void): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  let isWaiting = false;
  let isLast = false;
  let answers = 0;
  let error = "";
  function ask(): void {
    if (isLast || socket.readableEnded) return;
    isWaiting = true;
    received = "";
    socket.write(`GET /${index} HTTP/1.1\r\nhost: a\r\n\r\n`);
  }
  socket.setEncoding("latin1").on("connect", ask);
  socket.on("data", (text: string) => {
    received += text;
    if (!isWhole(received)) return;
    isWaiting = false;
    onAnswer(++fates.answered);
    answers++;
    if (received.startsWith("HTTP/1.1 503 ")) fates.refused++;
    isLast = /^connection: close\r$/im.test(received);
    received = "";
    // Some clients wait between their requests.
    if (index % 2 === 0) ask();
    else setTimeout(ask, index % 10);
  });
  socket.on("error", (it: Error) => error = it.message);
  return new Promise((resolve) => {
    socket.on("close", () => {
      if (isWaiting && received === "" && error === "") fates.closed++;
      else if (isWaiting) {
        fates.lost++;
        fates.seen.push(`${error} ${JSON.stringify(received)} after ${answers} answers on the connection`);
      }
      resolve();
    });
  });
}

/** Has an answer come to its end? */
function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /^content-length: (\d+)\r$/im.exec(text.slice(0, end + 2))?.[1];
  return length === undefined ? text.endsWith("\r\n0\r\n\r\n") : text.length >= end + 4 + Number(length);
}
