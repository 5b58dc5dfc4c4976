/**
 * How a call is to be: its options, checked, and its arguments made ready to be sent.
 *
 * @module
 */

import { checkDuration, checkFunction, checkName, checkOptions, show } from "../../../runtime/basics/check.ts";
import { loop } from "../../queue/loop.ts";
import { checkPriority, laneOf, type Priority } from "../../queue/priority.ts";
import { currentScope } from "../../scopes/current_scope.ts";
import { checkSignal } from "../../scopes/foreign_signal.ts";
import { pathOf } from "../../scopes/scope.ts";
import { checkTransfer, Inspection } from "../wire/clonable.ts";
import { Callback } from "../wire/markers.ts";
import { takeApart } from "../wire/parts.ts";
import type { JobExtra } from "../wire/protocol.ts";
import { callExtra } from "./call_extra.ts";
import type { JobSettings } from "./job.ts";

/** How a call is to be. */
export interface RunOptions {
  /** Aborts the call; `run` then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /** The place in the pool's queue. Default: that of the current task, else "user-visible". */
  priority?: Priority;
  /** How long the call may take, waiting included, in ms; then it rejects with `TimeoutError`. Default: no limit. */
  timeout?: number;
  /** How long the call may wait until it is started, in ms; then it rejects with `TimeoutError`. Default: no limit. */
  queueTimeout?: number;
  /** How long the call may run once started, in ms; then it rejects with `TimeoutError`. Default: no limit. */
  runTimeout?: number;
  /** A name for messages and for `currentJob().name`. Default: that of the function. */
  name?: string;
  /** Buffers and ports among the arguments that are moved instead of copied. Default: none. */
  transfer?: Transferable[];
  /**
   * Called with each value that the function hands to `currentJob().progress`, in order, and before the result. If it throws,
   * the call is aborted and rejects with what it threw.
   */
  onProgress?: (value: unknown) => void;
}

/** Their names. */
export const callOptions: readonly (keyof RunOptions)[] = [
  "signal",
  "priority",
  "timeout",
  "queueTimeout",
  "runTimeout",
  "name",
  "transfer",
  "onProgress",
];

const noTransfer: Transferable[] = [];

/** Checks a call and makes it ready; throws what the call is to throw. */
export function settingsOf(name: string, args: readonly unknown[], options: RunOptions, extra?: JobExtra): JobSettings {
  if (typeof name !== "string") throw new TypeError(`The name of a function is a string: received ${show(name)}`);
  if (!Array.isArray(args)) throw new TypeError(`The arguments of a call are an array: received ${show(args)}`);
  checkOptions(options, "a call", callOptions);
  const { signal, priority, timeout, queueTimeout, runTimeout = Infinity, onProgress, transfer = noTransfer } = options;
  checkSignal(signal);
  checkPriority(priority);
  checkName(options.name);
  if (timeout !== undefined) checkDuration(timeout, "The timeout of a call");
  if (queueTimeout !== undefined) checkDuration(queueTimeout, "The queueTimeout of a call");
  checkDuration(runTimeout, "The runTimeout of a call");
  if (onProgress !== undefined) checkFunction(onProgress, "onProgress");
  if (!Array.isArray(transfer)) throw new TypeError(`A transfer list is an array: received ${show(transfer)}`);
  if (transfer.length > 0) checkTransfer(transfer);
  const scope = currentScope();
  const settings: JobSettings = {
    name,
    label: options.name ?? name,
    args: [...args],
    lane: priority === undefined ? scope?.owner?.lane ?? laneOf("user-visible") : laneOf(priority),
    transfer,
    runTimeout,
    extra,
    objects: undefined,
    hasBuffers: false,
    signals: undefined,
    callbacks: undefined,
    onProgress,
    context: undefined,
  };
  if (args.some(isObject)) replaceAndCheck(settings);
  const path = pathOf(scope);
  if (options.name !== undefined) settings.extra = { ...settings.extra, label: options.name };
  if (path !== "") settings.extra = { ...settings.extra, path };
  const foreign = callExtra();
  if (foreign !== undefined) settings.extra = { ...settings.extra, ...foreign };
  if (onProgress !== undefined || settings.callbacks !== undefined) settings.context = loop().context.capture();
  return settings;
}

/** The call of a chunk of items, of which the first is number `first`; throws for items that cannot be sent. */
export function settingsOfChunk(call: JobSettings, items: unknown[], first: number): JobSettings {
  const inspection = new Inspection();
  for (let index = 0; index < items.length; index++) {
    // Most are numbers and texts: no path is made up for those.
    if (isObject(items[index])) inspection.check(items[index], `items[${first + index}]`);
  }
  const { parts } = inspection;
  return {
    ...call,
    args: parts === undefined ? [items] : [],
    label: `${call.label}[${first}]`,
    extra: { ...call.extra, each: true, ...(parts !== undefined && { apart: takeApart([items], parts) }) },
    objects: inspection.objects,
    hasBuffers: inspection.hasBuffers,
  };
}

/** Refuses, once more, what has changed since the call: a buffer that was moved away while the call waited. */
export function checkAgain({ args, extra, transfer }: JobSettings): void {
  checkTransfer(transfer);
  const inspection = new Inspection(transfer);
  const list = extra?.apart?.list ?? args;
  for (let index = 0; index < list.length; index++) inspection.check(list[index], `args[${index}]`);
}

/** Puts placeholders for signals and callbacks, and refuses what cannot be cloned. */
function replaceAndCheck(settings: JobSettings): void {
  const { args, transfer } = settings;
  const signals: AbortSignal[] = [];
  const signalsAt: number[] = [];
  const callbacks: Callback["fn"][] = [];
  const callbacksAt: number[] = [];
  const inspection = new Inspection(transfer);
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (arg instanceof AbortSignal) {
      signals.push(arg);
      signalsAt.push(index);
      args[index] = undefined;
    } else if (arg instanceof Callback) {
      callbacks.push(arg.fn);
      callbacksAt.push(index);
      args[index] = undefined;
    } else {
      inspection.check(arg, `args[${index}]`);
    }
  }
  // A call that moves something has a message of its own.
  if (transfer.length === 0) settings.objects = inspection.objects;
  settings.hasBuffers = inspection.hasBuffers;
  if (inspection.parts !== undefined) {
    settings.extra = { ...settings.extra, apart: takeApart(args, inspection.parts) };
    settings.args = [];
  }
  if (signals.length > 0) {
    settings.signals = signals;
    settings.extra = { ...settings.extra, signals: signalsAt };
  }
  if (callbacks.length > 0) {
    settings.callbacks = callbacks;
    settings.extra = { ...settings.extra, callbacks: callbacksAt };
  }
}

function isObject(value: unknown): boolean {
  return (typeof value === "object" && value !== null) || typeof value === "function" || typeof value === "symbol";
}
