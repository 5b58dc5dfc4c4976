/** Servers in processes of their own, and what their requests cost there. */

import { AskedProcess } from "./asked_process.ts";
import type { Timed } from "./harness.ts";
import { type Load, wrk } from "./tools.ts";

/** A server of one of the kinds of `serve_server.ts`. */
export class ServedProcess {
  readonly #process: AskedProcess;
  port = 0;

  /** Starts one; refuses with what it says, if it cannot be. */
  static async start(kind: string): Promise<ServedProcess> {
    const served = new ServedProcess(kind);
    const line = await served.#process.line();
    served.port = Number(line);
    if (Number.isNaN(served.port)) throw new Error(line);
    return served;
  }

  private constructor(kind: string) {
    this.#process = new AskedProcess("serve_server.ts", [kind]);
  }

  /** CPU time of all its threads so far, in us. */
  cpu(): Promise<number> {
    return this.#process.ask("cpu");
  }

  /** In bytes, once its garbage is collected. */
  memory(): Promise<number> {
    return this.#process.ask("memory");
  }

  /** What a request takes under a load, in us. */
  async measure(load?: Load): Promise<Timed> {
    const before = await this.cpu();
    const { duration, requests } = await wrk(this.port, load);
    return { figure: duration / requests, cpu: (await this.cpu() - before) / requests };
  }

  end(): Promise<void> {
    return this.#process.end();
  }
}
