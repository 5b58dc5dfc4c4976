/** The values, as all commands so far have left them: the same commands in the same order make the same store. */

import type { ClientRequest, Result } from "./protocol.ts";

export class Store {
  readonly #values = new Map<string, string>();
  /** Each client's latest request and what came of it: asked for again, it is not done again. */
  readonly #done = new Map<string, { readonly number: number; readonly result: Result }>();

  get(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  /** Does what a client wants, unless that is done already. */
  apply(request: ClientRequest): Result {
    const done = this.#done.get(request.client);
    // One that is older than the latest is a straggler: its client has given it up.
    if (done !== undefined && request.number <= done.number) return done.result;
    const result = this.#change(request);
    this.#done.set(request.client, { number: request.number, result });
    return result;
  }

  /** All of it, for a copy. */
  dump(): unknown {
    return { values: [...this.#values], done: [...this.#done] };
  }

  #change(request: ClientRequest): Result {
    switch (request.op) {
      case "get":
        return { value: this.get(request.key) };
      case "put":
        this.#values.set(request.key, request.value);
        return { ok: true };
      case "delete":
        this.#values.delete(request.key);
        return { ok: true };
      case "cas": {
        const ok = this.get(request.key) === request.from;
        if (ok) this.#values.set(request.key, request.value);
        return { ok };
      }
    }
  }
}
