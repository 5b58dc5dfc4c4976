/**
 * How connections speak TLS.
 *
 * @module
 */

import { checkBoolean, checkOptions, show } from "../../runtime/basics/check.ts";
import type { SecureServerSettings, SecureSettings } from "../../runtime/port/net.ts";

/** How a connection speaks TLS. */
export interface ConnectTlsOptions {
  /** The name that the other side's certificate is to be for. Default: the hostname. */
  serverName?: string;
  /** The certificates that are trusted, as PEM. Default: those the runtime trusts. */
  ca?: string | readonly string[];
  /** A certificate of one's own, as PEM, where the other side asks for one; `key` goes with it. Default: none. */
  cert?: string;
  /** The private key of `cert`, as PEM. Default: none. */
  key?: string;
  /** The protocols to offer, the best first; `connection.alpn` is the one that was chosen. Default: none. */
  alpn?: readonly string[];
  /** Is a certificate that is not trusted, or is for another name, an error? `false` lets anybody read along. Default: true. */
  verify?: boolean;
}

/** How a listener speaks TLS. */
export interface ListenTlsOptions extends TlsOptions {
  /** Asks clients for a certificate, signed by one of these (PEM), and turns away who has none. Default: nobody is asked. */
  ca?: string | readonly string[];
  /** The protocols that are spoken, the best first. Default: none is agreed on. */
  alpn?: readonly string[];
}

/** The options of a connection, checked, as the host wants them; `undefined`: no TLS. */
export function checkConnectTls(
  options: boolean | ConnectTlsOptions | undefined,
  hostname: string | undefined,
): SecureSettings | undefined {
  if (options === undefined || options === false) return undefined;
  if (options !== true && (typeof options !== "object" || options === null)) {
    throw new TypeError(`tls is true or an object of options: received ${show(options)}`);
  }
  if (options !== true) checkOptions(options, "tls", ["serverName", "ca", "cert", "key", "alpn", "verify"]);
  const { serverName = hostname, ca, cert, key, alpn, verify = true } = options === true ? {} : options;
  if (serverName !== undefined && typeof serverName !== "string") {
    throw new TypeError(`serverName is a name: received ${show(serverName)}`);
  }
  checkBoolean(verify, "verify");
  if ((cert === undefined) !== (key === undefined)) throw new TypeError("cert and key of TLS go together");
  if (cert !== undefined) checkPem(cert, "cert");
  if (key !== undefined) checkPem(key, "key");
  return {
    rejectUnauthorized: verify,
    ...(serverName !== undefined && { servername: serverName }),
    ...(cert !== undefined && { cert, key: key! }),
    ...checkShared(ca, alpn),
  };
}

/** The options of a listener, checked, as the host wants them; `undefined`: no TLS. */
export function checkListenTls(options: ListenTlsOptions | undefined): SecureServerSettings | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`tls is an object with cert and key: received ${show(options)}`);
  }
  checkOptions(options, "tls", ["cert", "key", "ca", "alpn"]);
  const { cert, key, ca, alpn } = options;
  checkPem(cert, "cert");
  checkPem(key, "key");
  return {
    cert,
    key,
    ...(ca !== undefined && { requestCert: true, rejectUnauthorized: true }),
    ...checkShared(ca, alpn),
  };
}

function checkShared(
  ca: unknown,
  alpn: unknown,
): { ca?: string | readonly string[]; ALPNProtocols?: readonly string[] } {
  if (ca !== undefined) { for (const one of Array.isArray(ca) ? ca : [ca]) checkPem(one, "ca"); }
  if (alpn !== undefined && (!Array.isArray(alpn) || alpn.some((name) => typeof name !== "string"))) {
    throw new TypeError(`alpn is a list of names: received ${show(alpn)}`);
  }
  return {
    ...(ca !== undefined && { ca: ca as string | string[] }),
    ...(alpn !== undefined && { ALPNProtocols: alpn as string[] }),
  };
}

/** Here, because hosts differ in when they find out, and Deno takes what it cannot read for nothing. */
function checkPem(value: unknown, what: string): void {
  if (typeof value === "string" && value.includes("-----BEGIN ")) return;
  throw new TypeError(`${what} of TLS is a text in PEM form: received ${show(value)}`);
}

/** What a server needs to speak TLS. */
export interface TlsOptions {
  /** The certificate chain, as PEM. */
  cert: string;
  /** The private key, as PEM. */
  key: string;
}
