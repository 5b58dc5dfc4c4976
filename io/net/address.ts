/**
 * Where to connect to, or to listen.
 *
 * @module
 */

import { checkOptions, show } from "../../runtime/basics/check.ts";
import type { NetAddress } from "../../runtime/port/net.ts";

/** The address in the options of `what`, checked, and that there are no options but those of an address and `more`. */
export function checkAddress(
  options: { hostname?: string; port?: number; unix?: string },
  what: string,
  more: readonly string[],
): NetAddress {
  checkOptions(options, what, ["hostname", "port", "unix", ...more]);
  const { hostname = "127.0.0.1", port = 0, unix } = options ?? {};
  if (unix !== undefined) {
    if (typeof unix !== "string") throw new TypeError(`The path of a Unix socket is a string: received ${show(unix)}`);
    if (options.hostname !== undefined || options.port !== undefined) {
      throw new TypeError("An address is a Unix socket or a hostname and port: received both");
    }
    return { path: unix };
  }
  if (typeof hostname !== "string") throw new TypeError(`A hostname is a string: received ${show(hostname)}`);
  if (typeof port !== "number") throw new TypeError(`A port is a number: received ${show(port)}`);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`A port is a whole number from 0 to 65535: received ${port}`);
  }
  return { host: hostname, port };
}
