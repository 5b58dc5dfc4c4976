/**
 * The oracles: what of a case, and of all together, is not as it has to be.
 *
 * @module
 */

import type { MatrixHost } from "../hosts.ts";
import { bytesOf, type Case } from "./case.ts";
import { longControl } from "./answers.ts";
import { closeFrame, pongFrame } from "./frames.ts";
import { type Run, thrown } from "./handlers.ts";
import type { Expected, Played } from "./play.ts";
import type { SentRequest } from "./reading.ts";
import { type Report, timeouts } from "./report.ts";

/** A case with all that came of it. */
export interface Outcome {
  readonly case: Case;
  readonly expected: Expected;
  readonly played: Played;
}

/** Something that is not as it has to be. */
export interface Fault {
  /** In a few words, the same for all faults of its kind. */
  readonly what: string;
  readonly details: string;
  /** The case that it is known to be of. */
  readonly case?: Case;
}

/** What is wrong with the answers of a case. */
export function judgeAnswers({ case: one, expected, played }: Outcome, host: MatrixHost): Fault | undefined {
  const fault = (what: string, details = ""): Fault => ({ what, details, case: one });
  const { requests, end, isSure } = expected.reading;
  const { answers, isClosed, hung, trouble } = played;
  if (expected.reading.isGarbled || (expected.reading.mayBeCut && isClosed)) return undefined;
  // Deno answers a close that is too long with one that is.
  const isKnown = expected.frames?.isSure ?? expected.reading.isSure;
  if (trouble !== undefined && !isKnown && trouble.startsWith(longControl)) return undefined;
  // It cuts a stream off whose client has half closed, and then says 100 to what is behind it.
  const mayContinue = one.end === "half" && !expected.closesAsItSays && / 100 continue/i.test(trouble ?? "");
  if (mayContinue) return undefined;
  if (trouble !== undefined) return fault("what the server sends is not well formed", trouble);
  if (hung) return fault("the client waits in vain", describe(expected, played));
  for (const [index, answer] of answers.entries()) {
    const request = requests[index];
    if (request === undefined) {
      // Some refuse all that is behind what they refuse, one after the other.
      const mayRefuse = answer.status >= 400 && (end !== "open" || !isSure);
      if (!mayRefuse) return fault("an answer to no request", describe(expected, played));
    } else {
      // Deno takes one that has half closed for one that has left.
      const mayLeave = one.end === "half" && answer.status === 503;
      // Its time may be over before its client has sent all of it.
      const isLate = answer.status === 504 && played.sending > timeouts[host] / 2;
      const wrong = mayLeave || isLate ? undefined : wrongAnswer(answer, request);
      if (wrong !== undefined) return fault(wrong, `${index}: ${describe(expected, played)}`);
    }
  }
  const staysToTheEnd = one.end === "settle";
  if (!staysToTheEnd) return undefined;
  const closes = answers.at(-1)?.closes ?? false;
  if (isClosed && !closes && answers.length < expected.answers) {
    return fault("the connection is closed in place of an answer", describe(expected, played));
  }
  if (closes && answers.length < expected.answers) {
    return fault("a right request is refused, or an answer closes before all is answered", describe(expected, played));
  }
  return judgeFrames(expected, played, fault);
}

function wrongAnswer(answer: Played["answers"][number], request: SentRequest): string | undefined {
  const { status, id, body } = answer;
  // Its time was over, which is right where nobody knows how long it takes.
  if (status === 504 && request.status === undefined) return undefined;
  if (request.status !== undefined && status !== request.status) return "an answer with a wrong status";
  if (
    status < 300 && request.status !== 404 && (listed(id ?? "") !== (listed(request.id) ?? "").replaceAll("\x7f", ""))
  ) {
    return "an answer to another request";
  }
  if (request.isRefused && status < 400) return "an answer to what is refused";
  const isEchoed = status === 200 && request.word === "echo" && request.method !== "HEAD";
  const sent = request.method === "GET" ? "" : request.body;
  if (isEchoed && body !== sent) return "an echo of another body";
  return undefined;
}

function judgeFrames(
  expected: Expected,
  played: Played,
  fault: (what: string, details?: string) => Fault,
): Fault | undefined {
  const { frames: reading } = expected;
  if (reading === undefined || !played.isWebSocket) {
    return expected.isWebSocket ? fault("a right handshake is refused", describe(expected, played)) : undefined;
  }
  const data: { opcode: number; payload: string }[] = [];
  for (const frame of played.frames.filter(({ opcode }) => opcode < closeFrame)) {
    if (frame.opcode === 0) data.at(-1)!.payload += frame.payload;
    else data.push({ opcode: frame.opcode, payload: frame.payload });
  }
  for (const [index, { opcode, payload }] of data.entries()) {
    const sent = reading.messages[index];
    if (sent === undefined && !reading.isKnown) return undefined;
    if (sent === undefined || sent.opcode !== opcode || sent.payload !== payload) {
      return fault("an echo of no message", `${index}: ${payload.slice(0, 100)}; ${describe(expected, played)}`);
    }
  }
  if (!reading.isKnown) return undefined;
  const pongs = played.frames.filter(({ opcode }) => opcode === pongFrame).map(({ payload }) => payload);
  let at = 0;
  for (const pong of pongs) {
    at = reading.pings.indexOf(pong, at) + 1;
    if (at === 0) return fault("a pong without a ping", describe(expected, played));
  }
  if (!expected.isWebSocket || !reading.isSure || reading.end !== "open") return undefined;
  if (data.length < reading.messages.length) return fault("a message without an echo", describe(expected, played));
  if (pongs.length < reading.pings.length) return fault("a ping without a pong", describe(expected, played));
  return undefined;
}

/** What was to come and what has, in a line. */
export function describe({ reading, frames, answers, closes }: Expected, played: Played): string {
  const requests = reading.requests.map(({ method, word, status }) => `${method} ${word} ${status ?? "?"}`).join(", ");
  const sent = frames === undefined
    ? ""
    : `, ${frames.messages.length} messages, ${frames.pings.length} pings, ${frames.end}`;
  const seen = played.answers.map(({ status, closes }) => `${status}${closes ? " close" : ""}`).join(", ");
  const seenFrames = played.isWebSocket
    ? `, frames ${played.frames.map(({ opcode }) => opcode).join(" ").slice(0, 100)}`
    : "";
  return `sent: ${requests} (${reading.isSure ? "" : "perhaps "}${reading.end}${sent}), ` +
    `${answers} answers${closes ? " and a close" : ""} wanted; seen: ${seen}${seenFrames}${
      played.isClosed ? ", closed" : ""
    }` +
    (reading.notes.length > 0 ? `; there is ${[...reading.notes, ...frames?.notes ?? []].join(", ")}` : "");
}

/** What is wrong with the handlers that have run for several cases, which all were in the same server. */
export function judgeRuns(outcomes: readonly Outcome[], report: Report, host: MatrixHost): Fault[] {
  const faults: Fault[] = [];
  const owners = new Map<string, Outcome>();
  for (const outcome of outcomes) {
    for (const { urls } of outcome.expected.reading.requests) for (const url of urls) owners.set(url, outcome);
  }
  const runs = new Map<Outcome, Run[]>();
  // Not every host writes a URL as the one does that judges.
  for (const run of report.runs.map((run) => ({ ...run, url: URL.parse(run.url)?.href ?? run.url }))) {
    const owner = owners.get(run.url) ?? ownerOf(run, outcomes);
    if (owner !== undefined) runs.set(owner, [...runs.get(owner) ?? [], run]);
    else faults.push(withCase("a handler runs for what was no request", `${run.method} ${run.url}`, outcomes, run.url));
  }
  for (const outcome of outcomes) {
    const own = runs.get(outcome) ?? [];
    const fault = judgeOrder(outcome, own) ?? judgeLeaving(outcome, own, host);
    if (fault !== undefined) faults.push({ ...fault, case: outcome.case });
  }
  for (const [url, message] of report.errors) {
    const isMeant = message === `Error: ${thrown}` && URL.parse(url)?.pathname.startsWith("/throw/") === true;
    if (!isMeant) {
      faults.push(withCase("onError is told of what is no fault of a handler", `${url}: ${message}`, outcomes, url));
    }
  }
  return faults;
}

/** A fault of the case in whose bytes the id in a URL is. */
function withCase(what: string, details: string, outcomes: readonly Outcome[], url: string): Fault {
  const id = /[0-9a-z]{4,7}(?=-(?:\d|before))/.exec(url)?.[0];
  const found = outcomes.find(({ case: one }) =>
    id !== undefined && (one.seed.toString(36) === id || bytesOf(one).includes(id))
  );
  return found === undefined ? { what, details } : { what, details, case: found.case };
}

/** The handlers of a connection run at most once for each request, in order, with its method, id and body. */
function judgeOrder({ expected }: Outcome, runs: readonly Run[]): Fault | undefined {
  const { requests } = expected.reading;
  let at = 0;
  for (const run of runs) {
    const index = requests.findIndex((request, index) => index >= at && isOf(run, request));
    if (index < 0) {
      return {
        what: "a handler runs twice, or out of order, or as another method or id",
        details: JSON.stringify({ run, requests }).slice(0, 2000),
      };
    }
    const { method, body } = requests[index]!;
    if (run.body !== undefined && run.body !== (method === "GET" || method === "HEAD" ? "" : body)) {
      return { what: "a handler reads another body", details: JSON.stringify({ run, requests }).slice(0, 2000) };
    }
    at = index + 1;
  }
  return undefined;
}

/** Node always notices that a client has left but where it has sent so much that Node reads no more. */
function judgeLeaving(
  { case: one, played }: Outcome,
  runs: readonly Run[],
  host: MatrixHost,
): Omit<Fault, "case"> | undefined {
  if (!host.startsWith("node") || played.duration > 500 || bytesOf(one).length > 16_000) return undefined;
  const run = runs.find(({ timedOut }) => timedOut);
  return run && { what: "a client that has left is not noticed", details: `${run.method} ${run.url}` };
}

/** The case of a handler that runs for a target of which each host makes something else. */
function ownerOf({ id }: Run, outcomes: readonly Outcome[]): Outcome | undefined {
  const isIn = (request: SentRequest): boolean => id !== null && listed(request.id) === listed(id) && isOdd(request);
  return outcomes.find(({ expected }) => expected.reading.requests.some(isIn));
}

/** An id without the empty ones that it is joined with: hosts write those in ways of their own, and to a list they are nothing. */
function listed(id: string | null): string | undefined {
  return id?.split(",").map((item) => item.replace(/^[ \t]+|[ \t]+$/g, "")).filter((item) => item !== "").join(", ");
}

/** Is its target one that a host may take for another than it is? */
function isOdd({ mustRun, urls }: SentRequest): boolean {
  return !mustRun && urls.length > 2;
}

function isOf(run: Run, request: SentRequest): boolean {
  const { method, urls, id, isRefused } = request;
  if (isRefused || run.method !== method || listed(run.id) !== listed(id)) return false;
  return urls.includes(run.url) || isOdd(request);
}

/** A short word for how a case went: how many kinds of them a run has met tells if more cases would find more. */
export function classOf({ case: one, expected, played }: Outcome, host: MatrixHost): string {
  const { reading, frames } = expected;
  const statuses = played.answers.map(({ status }) => status).slice(0, 3);
  return JSON.stringify([
    host,
    one.end,
    reading.end,
    reading.notes,
    frames?.end,
    frames?.notes,
    statuses,
    played.isClosed,
  ]);
}
