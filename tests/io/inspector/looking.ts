/**
 * A client of an inspector, as the page is one.
 *
 * @module
 */

import type { Hello, State, View } from "../../../io/inspector/protocol.ts";
import { within } from "../../support/within.ts";

/** The stream of events of an inspector. */
export class Looking {
  readonly #url: URL;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";
  hello!: Hello;
  #state: Partial<State> = {};

  private constructor(url: URL, reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#url = url;
    this.#reader = reader;
  }

  /** Begins to look; the first event has come. */
  static async at(url: URL): Promise<Looking> {
    const response = await fetch(new URL("events", url));
    const looking = new Looking(url, response.body!.getReader());
    looking.hello = await looking.#next("hello") as Hello;
    return looking;
  }

  /** The next state, or the first one from now on that is as wanted. */
  async state(isWanted: (state: State) => boolean = () => true): Promise<State> {
    for (let tries = 0; tries < 100; tries++) {
      const state = this.#state = { ...this.#state, ...await this.#next("state") as Partial<State> };
      if (isWanted(state as State)) return state as State;
    }
    throw new Error("No state of 100 was as wanted");
  }

  /** Looks at something else; answers with the status. */
  async view(view: Partial<View>): Promise<number> {
    const all = { client: this.hello.client, open: [], group: null, search: "", offset: 0, ...view };
    return await post(this.#url, "view", all);
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }

  /** Has the inspector ended the stream? */
  async ended(): Promise<boolean> {
    for (;;) {
      const { done } = await within(this.#reader.read(), "the stream of events has ended");
      if (done) return true;
    }
  }

  async #next(event: string): Promise<unknown> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end < 0) {
        const { done, value } = await within(this.#reader.read(), `the event ${event} has come`);
        if (done) throw new Error(`The stream has ended before the event ${event}`);
        this.#text += this.#decoder.decode(value, { stream: true });
        continue;
      }
      const message = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      const [first, second] = message.split("\n");
      if (first === `event: ${event}`) return JSON.parse(second!.slice("data: ".length));
    }
  }
}

/** Sends what a page sends; answers with the status. */
export async function post(
  url: URL,
  path: string,
  value: unknown,
  headers: Record<string, string> = {},
): Promise<number> {
  const response = await fetch(new URL(path, url), {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof value === "string" ? value : JSON.stringify(value),
  });
  await response.body?.cancel();
  return response.status;
}
