import { soak } from "./testing.ts";
import { replicatedStore } from "./examples/kv/simulated.ts";
const body = replicatedStore();
const t = performance.now();
const c = process.cpuUsage();
const report = await soak(body, { seeds: 60 });
const d = process.cpuUsage(c);
console.log(String(report).split("\n").slice(0, 12).join("\n"), performance.now() - t, (d.user + d.system) / 1000);
