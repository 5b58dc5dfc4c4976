import { group } from "@millrace/millrace";
import { serve } from "@millrace/millrace/io";
import { RemotePool, serveTasks } from "@millrace/millrace/remote";
import { explore, simulate } from "@millrace/millrace/testing";
import { currentJob, serveJobs } from "@millrace/millrace/worker";

export const answer: number = await group(async (g) => await g.spawn(() => 42));
export const server = await serve(() => new Response("hello"), { port: 0 });
export const url: URL = server.url;
export const simulated: number = await simulate(() => 1);
export const found: number = (await explore(() => Promise.resolve())).schedules;
const remote = new RemotePool<{ add(a: number, b: number): number }>({ servers: "nats://127.0.0.1:4222" });
export const sum: number = await remote.run("add", [1, 2]);
export { currentJob, serveJobs, serveTasks };
