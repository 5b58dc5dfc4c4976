/**
 * Channels on which a program tells observers what it does: `node:diagnostics_channel` where the host has it.
 *
 * @module
 */

import { builtin, hasBuiltins } from "../hosts/common/node_process.ts";

/** Somebody who listens to a channel. */
export type DiagnosticsListener = (message: unknown, name: string | symbol) => void;

/** A channel of `node:diagnostics_channel`, as far as it is used. */
export interface DiagnosticsChannel {
  /** Does anybody listen? Asked before a message is made. */
  readonly hasSubscribers: boolean;
  /** Tells the subscribers, at once. */
  publish(message: unknown): void;
  /** Enters the stores that observers have bound to the channel, tells the subscribers, and calls `fn` with what follows. */
  runStores<A extends unknown[], R>(message: unknown, fn: (...args: A) => R, thisArg: unknown, ...args: A): R;
  subscribe(listener: DiagnosticsListener): void;
  unsubscribe(listener: DiagnosticsListener): void;
}

interface ChannelModule {
  channel(name: string): DiagnosticsChannel;
}

/** The library's channel of that name, the same for all who ask; where the host has none, one that has nothing, so that nobody listens. */
export function openChannel(name: string): DiagnosticsChannel {
  const module = hasBuiltins() ? builtin<ChannelModule | undefined>("node:diagnostics_channel") : undefined;
  return module?.channel(`millrace.${name}`) ?? {} as DiagnosticsChannel;
}

/** What gives a channel to those who publish: opened when first asked for, because an import alone is to load nothing of the host's. */
export function lazyChannel(name: string): () => DiagnosticsChannel {
  let opened: DiagnosticsChannel | undefined;
  return () => opened ??= openChannel(name);
}
