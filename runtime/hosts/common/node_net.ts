/**
 * `HostNetwork.net` over Node's modules, which Deno and Bun have too.
 *
 * @module
 */

import type { HostAddress, HostNet, HostNetServer, HostSocket } from "../../port/net.ts";
import { builtin } from "./node_process.ts";

interface NodeNet {
  connect(options: object): HostSocket;
  createServer(options: object): HostNetServer;
}

interface NodeDns {
  lookup(hostname: string, options: { all: true }): Promise<readonly HostAddress[]>;
}

/** `HostNetwork.net` over Node's modules. */
export function nodeNet(): HostNet {
  const net = builtin<NodeNet>("node:net");
  const tls = builtin<NodeNet>("node:tls");
  return {
    lookup: (hostname) => builtin<NodeDns>("node:dns/promises").lookup(hostname, { all: true }),
    // Which address comes next is decided by us.
    connect: (address) => net.connect({ ...address, allowHalfOpen: true, autoSelectFamily: false }),
    secure(socket, settings) {
      checkReadable(settings);
      return tls.connect({ ...settings, socket, allowHalfOpen: true });
    },
    createServer(settings) {
      if (settings !== undefined) checkReadable(settings);
      // Who connects and does not shake hands is not to hold a descriptor for the two minutes that Node allows.
      const options = { allowHalfOpen: true, pauseOnConnect: true, handshakeTimeout: 10_000 };
      return settings === undefined ? net.createServer(options) : tls.createServer({ ...options, ...settings });
    },
  };
}

interface NodeCrypto {
  readonly X509Certificate: new (pem: string) => unknown;
  createPrivateKey(pem: string): unknown;
}

/** Throws for a certificate or key that cannot be read: Deno takes it for none, and fails at each handshake. */
function checkReadable({ cert, key }: { readonly cert?: string; readonly key?: string }): void {
  const { X509Certificate, createPrivateKey } = builtin<NodeCrypto>("node:crypto");
  if (cert !== undefined) new X509Certificate(cert);
  if (key !== undefined) createPrivateKey(key);
}
