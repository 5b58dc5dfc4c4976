// Work that cannot be cut goes to another thread: the loop of this one is free all the time. The worker's functions are plain
// exports of a module. Every host prints the same.

import { WorkerPool } from "../../mod.ts";

const pool = new WorkerPool<typeof import("../primes.ts")>(new URL("../primes.ts", import.meta.url), { size: 1 });
await pool.run("isPrime", [7]);

let turns = 0;
const timer = setInterval(() => turns++, 1);
console.log(`${await pool.run("countPrimes", [0, 200_000])} primes`);
clearInterval(timer);
console.log(`meanwhile the timer came ${turns > 0 ? "again and again" : "never"}`);
await pool.close();
