/**
 * Cases played together against one server, and what the oracles say of them.
 *
 * @module
 */

import type { MatrixHost } from "../hosts.ts";
import { type Case, send } from "./case.ts";
import { type Fault, judgeAnswers, judgeRuns, type Outcome } from "./judge.ts";
import { expect, play } from "./play.ts";
import { ServerProcess } from "./server_process.ts";

/** Connections at once. */
const concurrency = 20;

/** Plays cases, so many at once, and looks at the server when it has come to rest. */
export async function playBatch(
  cases: readonly Case[],
  server: ServerProcess,
  host: MatrixHost,
): Promise<{ faults: Fault[]; outcomes: Outcome[] }> {
  const outcomes: Outcome[] = [];
  const next = cases[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const one of next) {
      if (server.end !== undefined) return;
      const expected = expect(one, host);
      outcomes.push({ case: one, expected, played: await play(one, server.port, expected) });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const { report, left } = await server.rest();
  const lost = server.end;
  if (report === undefined) {
    return { faults: [{ what: lost ?? "The server is lost", details: server.complaints }], outcomes };
  }
  const faults: Fault[] = [];
  if (left !== "") {
    faults.push({ what: "something is left after the last client", details: `${left}: ${leftIn(report.runs)}` });
  }
  if (server.complaints !== "") {
    faults.push({ what: "the server has printed warnings or errors", details: server.complaints });
  }
  for (const outcome of outcomes) {
    const fault = judgeAnswers(outcome, host);
    if (fault !== undefined) faults.push(fault);
  }
  faults.push(...judgeRuns(outcomes, report, host));
  if (faults.length === 0 && !await isServing(server, host)) {
    faults.push({ what: "an ordinary request is not answered", details: "" });
  }
  server.forget();
  return { faults, outcomes };
}

function leftIn(runs: readonly { method: string; url: string; ended: number }[]): string {
  return runs.filter(({ ended }) => ended === 0).map(({ method, url }) => `${method} ${url}`).join(", ").slice(0, 500);
}

/** Is an ordinary request on a new connection answered? */
async function isServing(server: ServerProcess, host: MatrixHost): Promise<boolean> {
  const text = "POST /echo/probe HTTP/1.1\r\nhost: a.test\r\nx-id: probe\r\ncontent-length: 5\r\n\r\nprobe";
  const one: Case = { seed: 0, steps: [send(text)], end: "settle" };
  const expected = expect(one, host);
  const played = await play(one, server.port, expected);
  await server.rest();
  return played.answers[0]?.status === 200;
}

/** A server for one case after the other, each with nothing else going on. */
export class Alone {
  readonly #host: MatrixHost;
  readonly #folder: string;
  #server: ServerProcess | undefined = undefined;

  constructor(host: MatrixHost, folder: string) {
    this.#host = host;
    this.#folder = folder;
  }

  /** What a case does wrong. */
  async faultsOf(one: Case): Promise<Fault[]> {
    const server = this.#server ??= await ServerProcess.start(this.#host, this.#folder);
    const { faults } = await playBatch([one], server, this.#host);
    // What is wrong with a server stays so.
    if (faults.some((fault) => fault.case === undefined)) await this.stop();
    return faults.map((fault) => ({ ...fault, case: one }));
  }

  /** Ends the server. */
  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }
}
