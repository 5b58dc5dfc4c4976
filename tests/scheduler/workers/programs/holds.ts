/** A program with a pool, in one of several states, that should end by itself. */

import process from "node:process";
import { WorkerPool } from "../../../../mod.ts";

const kind = process.argv.at(-1)!;
const pool = new WorkerPool<typeof import("../tasks.ts")>(new URL("../tasks.ts", import.meta.url), { size: 1 });
const done = () => console.log("done");

switch (kind) {
  case "idle":
    await pool.run("add", [1, 2]);
    break;
  case "closed":
    await pool.run("add", [1, 2]);
    await pool.close();
    break;
  case "pending":
    void pool.run("later", [1, 50]).then(done);
    break;
  case "waits for the module": {
    const missing = new WorkerPool(new URL("./no_such_module.ts", import.meta.url), { size: 1 });
    void missing.run("anything", []).catch(() => missing.run("anything", [])).catch(done);
    break;
  }
  case "closing":
    void pool.run("later", [1, 50]);
    void pool.close().then(done);
    break;
  case "left stream":
    await pool.stream("numbers", [1_000_000]).next();
    done();
    break;
  case "slow left stream":
    await pool.stream("thenStuck", [1]).next();
    done();
    break;
  case "left stream, closed":
    await pool.stream("numbers", [1_000_000]).next();
    await pool.stream("thenStuck", [1]).next();
    void pool.close().then(done);
    break;
  case "busy stream":
    void (async () => {
      for await (const _ of pool.stream("numbers", [1000])) { /* read */ }
      done();
    })();
    break;
}
console.log("end of the program");
