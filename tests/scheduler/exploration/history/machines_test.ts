import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { serve } from "../../../../io/mod.ts";
import { checkLinearizable, history, simulate } from "../../../../testing.ts";

test("an operation of a machine that is killed has an unknown outcome, and its next life another name", async () => {
  const h = history();
  await simulate(async (sim) => {
    let value = 0;
    sim.machine("store", () =>
      serve(async (request) => {
        if (request.method === "PUT") value = Number(await request.text());
        return new Response(String(value));
      }, { port: 80 }));
    const client = async () => {
      const input = value + 1;
      await h.operation(
        "client",
        { name: "write", input },
        () => fetch("http://store/", { method: "PUT", body: String(input) }),
      );
      await h.operation("client", { name: "read" }, async () => Number(await (await fetch("http://store/")).text()));
    };
    const machine = sim.machine("client", client);
    for (let looks = 0; h.size === 0 && looks < 100; looks++) await sim.io("a look");
    machine.kill();
    machine.restart();
    await sim.allBlocked();
  });
  const [first, ...others] = h.operations;
  assertEquals([first!.client, first!.outcome, first!.return], ["client", "unknown", undefined]);
  assertEquals(others.map(({ client, name, outcome }) => [client, name, outcome]), [
    ["client'2", "write", "ok"],
    ["client'2", "read", "ok"],
  ]);
  assert(checkLinearizable(h, "register").ok);
});
