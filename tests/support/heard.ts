/**
 * What the library's diagnostics channels tell.
 *
 * @module
 */

import diagnostics from "node:diagnostics_channel";

/** Calls back with each message on the channels `millrace.PREFIX.NAME` while `body` runs; no listener is left behind. */
export async function whileHearing(
  prefix: string,
  names: readonly string[],
  listener: (name: string, message: unknown) => void,
  body: () => PromiseLike<unknown>,
): Promise<void> {
  const channels = names.map((name) => {
    const channel = diagnostics.channel(`millrace.${prefix}.${name}`);
    const listen = (message: unknown): void => listener(name, message);
    channel.subscribe(listen);
    return { channel, listen };
  });
  try {
    await body();
  } finally {
    for (const { channel, listen } of channels) channel.unsubscribe(listen);
  }
}
