/**
 * Channels on which a program tells observers what it does: `node:diagnostics_channel` where the host has it.
 *
 * @module
 */

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

/** Where the host has no channels: nobody ever listens, so that nobody is told. */
const silent = { hasSubscribers: false } as DiagnosticsChannel;

interface ChannelHost {
  process?: { getBuiltinModule?(name: string): { channel(name: string): DiagnosticsChannel } | undefined };
}

/** Gives the channel of that name; `undefined` where the host has none. */
export function diagnosticsChannel(name: string): DiagnosticsChannel | undefined {
  return (globalThis as ChannelHost).process?.getBuiltinModule?.("node:diagnostics_channel")?.channel(name);
}

/** Gives a channel to those who publish: opened when first asked for, because an import alone is to load nothing of the host's. */
export type LazyChannel = () => DiagnosticsChannel;

/** What gives the channel of that name; one that is silent where the host has none. */
export function lazyChannel(name: string): LazyChannel {
  let opened: DiagnosticsChannel | undefined;
  return () => opened ??= diagnosticsChannel(name) ?? silent;
}
