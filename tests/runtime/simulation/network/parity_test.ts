/** The same programs come to the same on the real network of a host, on that of one simulated program, and between simulated machines. */

import { assertEquals } from "@std/assert";
import { sleep } from "../../../../mod.ts";
import { simulate } from "../../../../testing.ts";
import { testWith } from "../../../support/needs.ts";
import { type NetworkProgram, programs } from "../../../support/network_programs.ts";
import { socketPrograms } from "../../../support/web_socket_programs.ts";
import { withinTest } from "../../../support/within.ts";

async function inOnePlace({ serve, client }: NetworkProgram): Promise<unknown> {
  const server = await serve(0);
  try {
    return await client("localhost", server.port);
  } finally {
    await server.close();
  }
}

async function betweenMachines({ serve, client }: NetworkProgram): Promise<unknown> {
  return await simulate(async (sim) => {
    sim.network.latency = 1;
    sim.machine("server", () => serve(80));
    await sleep(10);
    return await new Promise((resolve, reject) => {
      const main = (): Promise<void> => client("server", 80).then(resolve, reject);
      sim.machine("client", main);
    });
  });
}

const all = typeof WebSocket === "function" ? { ...programs, ...socketPrograms } : programs;

for (const [title, program] of Object.entries(all)) {
  testWith("connections", `as on the real network: ${title}`, async () => {
    const real = await withinTest(inOnePlace(program));
    assertEquals(await simulate(() => inOnePlace(program)), real, "in one program");
    assertEquals(await betweenMachines(program), real, "between machines");
  });
}
