import { assert, assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import { WorkerPool } from "../../../mod.ts";
import { hour } from "./parallel_tasks.ts";
import { testWith } from "../../support/needs.ts";

testWith(
  "shared memory",
  "simulations in other threads, at the same time, are independent of each other and of the host's loop here",
  async () => {
    const { setTimeout, Date, Math } = globalThis;
    const random = Math.random;
    const module = new URL("./parallel_tasks.ts", import.meta.url);
    const pool = new WorkerPool<typeof import("./parallel_tasks.ts")>(module, { size: 2 });
    const gate = new SharedArrayBuffer(4);
    const running = Promise.all([pool.run("hour", [1, gate, 2]), pool.run("hour", [2, gate, 2])]);
    await new Promise((resolve) => setTimeout(resolve, 1));
    assertStrictEquals(globalThis.setTimeout, setTimeout);
    assertStrictEquals(globalThis.Date, Date);
    assertStrictEquals(Math.random, random);
    assert(Date.now() > 1e12, "The host's clock is that of a simulation");
    const [one, two] = await running;
    await pool.close();
    assertNotEquals(one, two);
    assertEquals([one, two], [await hour(1, undefined, 0), await hour(2, undefined, 0)]);
  },
);
