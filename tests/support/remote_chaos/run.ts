/**
 * The long form of the chaos: `tsx tests/support/remote_chaos/run.ts [calls] [kills of those who serve] [kills of nats-server]`.
 *
 * @module
 */

import process from "node:process";
import { installNatsServer, withNats } from "../nats.ts";
import { chaos } from "./chaos.ts";

const [calls = 10_000, serverKills = 30, natsKills = 2] = process.argv.slice(2).map(Number);
installNatsServer();
await withNats(async (nats) => {
  console.log(await chaos(nats, { calls, servers: 3, serverKills, natsKills }));
});
