/**
 * Channels on which a program tells observers what it does: `node:diagnostics_channel` where the host has it.
 *
 * @module
 */

/** A channel of `node:diagnostics_channel`. */
export interface DiagnosticsChannel {
  /** Does anybody listen? Asked before a message is made. */
  readonly hasSubscribers: boolean;
  /** Tells the subscribers, at once. */
  publish(message: unknown): void;
}

const silent: DiagnosticsChannel = { hasSubscribers: false, publish() {} };

/** The channel of that name, the same for all who ask; where the host has none, one without subscribers. */
export function diagnosticsChannel(name: string): DiagnosticsChannel {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const module = process?.getBuiltinModule?.("node:diagnostics_channel") as
    | { channel(name: string): DiagnosticsChannel }
    | undefined;
  return module?.channel(name) ?? silent;
}
