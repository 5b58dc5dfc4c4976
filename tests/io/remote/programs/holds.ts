/** What holds a program: started with what it is to show. */

import process from "node:process";
import { setTimeout } from "node:timers";
import { RemotePool, serveTasks } from "../../../../remote.ts";
import { type Tasks, tasks } from "../remote_support.ts";

const kind = process.argv[2];
const pool = new RemotePool<Tasks>();

/** Does something after a while, which is no reason for the program to go on. */
function later(fn: () => void): void {
  setTimeout(fn, 300).unref();
}

if (kind === "a server") {
  const server = await serveTasks(tasks, { size: 1 });
  later(() => {
    console.log("it goes on");
    void server.drain();
  });
} else if (kind === "a pending call") {
  pool.run("add", [1, 2]).catch(() => console.log("it has settled"));
  later(() => {
    console.log("it goes on");
    void pool.close({ timeout: 0 });
  });
} else {
  const server = await serveTasks(tasks, { size: 1 });
  console.log(await pool.run("add", [1, 2]));
  await server.drain();
  later(() => console.log("it goes on"));
}
