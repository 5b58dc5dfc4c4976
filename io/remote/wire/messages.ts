/**
 * What callers and workers say to each other.
 *
 * ```
 *   caller ──job──> queue ──> worker          worker ──started, progress, values, then done, failed or dead──> the job's inbox
 *   caller ──cancel, ask, credit──> all workers of the pool
 * ```
 *
 * @module
 */

import type { KnownClasses } from "../../../scheduler/workers/pool/for_machines.ts";
import { readValue } from "./value_reader.ts";
import { writeValue } from "./value_writer.ts";
import { WireError } from "./wire_error.ts";

/** A call on its way. Times that are not there have no limit. */
export interface JobBody {
  /** What it is known by: to whoever publishes it again, to those who answer, to the function as `currentJob().key`. */
  readonly id: string;
  readonly name: string;
  readonly args: unknown[];
  /** Where the answers go. */
  readonly inbox: string;
  /** When it was published, in ms of the caller's wall clock, and how long it may take from then on. */
  readonly at: number;
  readonly timeout?: number;
  readonly queueTimeout?: number;
  readonly runTimeout?: number;
  /** The name of the call, the path of the task that made it, the caller's place in a trace. */
  readonly label?: string;
  readonly path?: string;
  readonly traceparent?: string;
  /** For a stream: how many values may be on their way. */
  readonly credit?: number;
  /** Does somebody want to know of its progress; of its start? */
  readonly progress?: boolean;
  readonly tellStart?: boolean;
  /** Does it go on although its caller has gone? */
  readonly isDetached?: boolean;
}

/** What is said of a job. */
export interface AnswerBody {
  readonly id: string;
  readonly kind: AnswerKind;
  /** The how many-th delivery of the job this is of. */
  readonly attempt: number;
  /** Who says it. */
  readonly worker: string;
  /** Which of the values, or of what was told of progress, this is, from 0; in the last answer, how many there were. */
  readonly number?: number;
  readonly value?: unknown;
}

const answerKinds = ["started", "progress", "value", "done", "failed", "dead", "exit"] as const;

/** "failed" has the error of the function, "exit" that of a worker which has lost it, "dead" the last error of a job that was given up. */
export type AnswerKind = typeof answerKinds[number];

/** Is it the last that is said of a job? */
export function isTerminal(kind: AnswerKind): boolean {
  return kind === "done" || kind === "failed" || kind === "dead" || kind === "exit";
}

/** What a caller says to all workers of a pool. */
export type ControlBody =
  /** Jobs that nobody wants any more. */
  | { readonly kind: "cancel"; readonly ids: readonly string[] }
  /** Who has answered one of these is to do so again. */
  | { readonly kind: "ask"; readonly ids: readonly string[] }
  /** A stream may send so many more values. */
  | { readonly kind: "credit"; readonly ids: readonly string[]; readonly count: number };

/** Writes what is said; `path` names the value in what is thrown for one that cannot be sent. */
export function writeBody(body: JobBody | AnswerBody | ControlBody, path = "a message"): Uint8Array {
  return writeValue(body, path);
}

/** Reads a job. */
export function readJob(bytes: Uint8Array): JobBody {
  const body = fieldsOf(readValue(bytes));
  check(isText(body["id"]) && body["id"] !== "" && isText(body["name"]) && isInbox(body["inbox"]));
  check(Array.isArray(body["args"]) && isTime(body["at"]));
  for (const key of ["timeout", "queueTimeout", "runTimeout"]) check(isAbsentOr(isTime, body[key]));
  for (const key of ["label", "path", "traceparent"]) check(isAbsentOr(isText, body[key]));
  for (const key of ["progress", "tellStart", "isDetached"]) check(isAbsentOr(isBoolean, body[key]));
  check(isAbsentOr((value) => isCount(value) && value >= 1, body["credit"]));
  return body as unknown as JobBody;
}

/** Reads what is said of a job; `known` are classes of errors that come back as theirs. */
export function readAnswer(bytes: Uint8Array, known?: KnownClasses): AnswerBody {
  const body = fieldsOf(readValue(bytes, known));
  check(isText(body["id"]) && isText(body["worker"]) && isCount(body["attempt"]));
  check((answerKinds as readonly unknown[]).includes(body["kind"]) && isAbsentOr(isCount, body["number"]));
  return body as unknown as AnswerBody;
}

/** Reads what a caller says to workers. */
export function readControl(bytes: Uint8Array): ControlBody {
  const body = fieldsOf(readValue(bytes));
  const { kind, ids, count } = body;
  check(kind === "cancel" || kind === "ask" || kind === "credit");
  check(Array.isArray(ids) && ids.every(isText) && (kind !== "credit" || isCount(count)));
  return body as unknown as ControlBody;
}

/** The fields of an object that was read here, which has only its own from now on: nothing is to be found on `Object.prototype`. */
function fieldsOf(value: unknown): Record<string, unknown> {
  check(typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype);
  return Object.setPrototypeOf(value, null);
}

function check(isSo: boolean): void {
  if (!isSo) throw new WireError("it says nothing that is known");
}

function isAbsentOr(is: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || is(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Answers go to inboxes of callers, and nowhere else: who serves may say more than who calls, and is not to say it for him. */
function isInbox(value: unknown): boolean {
  return isText(value) && value.length <= 1300 && /^millrace\.[\w-]+\.(?:inbox|key)\.\w+$/.test(value);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}
