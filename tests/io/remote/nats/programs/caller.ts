/** Makes calls from a process of its own, which can be killed: the arguments are a pool's options, and those of each call. */

import process from "node:process";
import { RemotePool, type RemoteRunOptions } from "../../../../../remote.ts";

setTimeout(() => process.exit(1), 120_000).unref();
const [options, calls] = process.argv.slice(2).map((text) => JSON.parse(text)) as [
  object,
  [name: string, args: unknown[], options: RemoteRunOptions][],
];
const pool = new RemotePool(options);
console.log("ready");
await Promise.all(calls.map(([name, args, options]) => pool.run(name, args, options)));
