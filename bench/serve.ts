/** What a request costs the process of a server, beside the host's bare server and the adapters that one on Node could have instead. */

import { hostOfThis } from "../tests/support/hosts.ts";
import { type Bench, type Case, peer } from "./harness.ts";
import { bareName } from "./serve_bare.ts";
import { ServedProcess } from "./serve_process.ts";

const [targetOfResponse, targetOfText] = { node: [3, 1.8], node26: [3, 1.8], deno: [1.5, 1.5], bun: [1.15, 1.15] }[
  hostOfThis()
] as [number, number];
const native = "srvx, native Response";

const peers: Readonly<Record<string, string>> = {
  [native]: "srvx",
  "srvx, FastResponse": "srvx-fast",
  "@hono/node-server, globals replaced (its default)": "hono-global",
  "@hono/node-server, no global replaced": "hono",
  "fastify, no Request and no Response": "fastify",
  "the smallest adapter, native Request and Response": "smallest",
};

export const bench: Bench = {
  name: "serve",
  claim:
    "with a scope and a timeout, new Response costs at most 3 x the bare server on Node, 1.5 x on Deno, 1.15 x on " +
    "Bun; text() 1.8 x on Node; neither more than srvx with a native Response",
  unit: "us/request",
  target: undefined,
  rounds: 7,
  async cases() {
    const caseOf = async (name: string, served: string, rest: Pick<Case, "kind" | "limits">): Promise<Case> => {
      const server = await ServedProcess.start(served);
      return { name, ...rest, run: () => server.measure() };
    };
    const cases = [
      await caseOf(bareName(), "bare", { kind: "floor" }),
      await caseOf("serve, new Response", "ours", {
        kind: "ours",
        limits: { target: targetOfResponse, notAbove: native },
      }),
      await caseOf("serve, text() and lazyRequests", "text", {
        kind: "ours",
        limits: { target: targetOfText, notAbove: native },
      }),
    ];
    const isNode = !("Bun" in globalThis || "Deno" in globalThis);
    for (const [name, served] of Object.entries(peers)) {
      // Elsewhere those for Node are no choice, and the host's own is what srvx has.
      if (!isNode && name !== native) continue;
      await peer(cases, name, async () => {
        const server = await ServedProcess.start(served);
        return () => server.measure();
      });
    }
    return cases;
  },
};
