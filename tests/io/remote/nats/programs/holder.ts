/** A worker that takes a job and never says a word of it. */

import process from "node:process";
import { natsEngine } from "../../../../../io/remote/nats/nats_engine.ts";

const engine = await natsEngine({ servers: process.argv[2]! });
const queue = await engine.queue("images", { ackWait: 1000, attempts: 3, limit: 100 });
await queue.consume("user-visible", () => 1, ({ id, attempt }) => console.log(id, attempt));
console.log("ready");
