/**
 * A nats-server with the users of docs/remote/nats.conf.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificate } from "./certificate.ts";
import { root } from "./hosts.ts";
import type { NatsConfig } from "./nats.ts";

/** Those of its users. */
export const passwords = {
  CALLER_PASSWORD: "caller-pw",
  WORKER_PASSWORD: "worker-pw",
  ADMIN_PASSWORD: "admin-pw",
} as const;

/** Its settings, and its certificate as `server.pem` in the folder. */
export function securedConfig(folder: string): NatsConfig {
  const CERTIFICATE = join(folder, "server.pem");
  const KEY = join(folder, "server.key");
  writeFileSync(CERTIFICATE, certificate.cert);
  writeFileSync(KEY, certificate.key);
  const env = { CERTIFICATE, KEY, STORE: join(folder, "store"), ...passwords };
  return { file: join(root, "docs/remote/nats.conf"), env };
}
