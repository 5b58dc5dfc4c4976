/**
 * The connection to the program: what comes from it, and how the connection is.
 *
 * @module
 */

import type { Command, Hello, State, View } from "../protocol.ts";

/** After how many ms without a state the page says so: the loop of the program is held up. */
const silence = 2_000;

/** After how many ms it connects again where the browser has given up. */
const pause = 3_000;

/** The longest that a request may take, in ms. */
const longestRequest = 10_000;

/** How the connection is: "gone" is no connection, "silent" one by which nothing comes. */
export type LinkState = "connecting" | "live" | "silent" | "gone";

/** Who is told what comes. */
export interface LinkOptions {
  readonly onHello: (hello: Hello) => void;
  readonly onState: (state: State) => void;
  /** Is told how the connection is, and for how many ms nothing has come. */
  readonly onLink: (link: LinkState, silentFor: number) => void;
}

/** A connection that is opened again whenever it ends. */
export class Link {
  readonly #options: LinkOptions;
  #source: EventSource | undefined;
  #state: LinkState = "connecting";
  /** What has come last of each part of a state. */
  #latest: Partial<State> = {};
  #heardAt = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Connects, once and for all. */
  start(): void {
    this.#open();
    setInterval(() => this.#look(), 500);
  }

  #open(): void {
    const source = this.#source = new EventSource("events");
    source.addEventListener("hello", ({ data }) => {
      this.#heard();
      this.#options.onHello(JSON.parse(data) as Hello);
    });
    source.addEventListener("state", ({ data }) => {
      this.#heard();
      this.#latest = { ...this.#latest, ...JSON.parse(data) as Partial<State> };
      this.#options.onState(this.#latest as State);
    });
    source.addEventListener("error", () => {
      this.#become("gone", 0);
      // After an answer that is no stream of events the browser does not try again by itself.
      if (source.readyState === EventSource.CLOSED && source === this.#source) {
        this.#source = undefined;
        setTimeout(() => this.#open(), pause);
      }
    });
  }

  #heard(): void {
    this.#heardAt = performance.now();
    this.#become("live", 0);
  }

  #look(): void {
    const silentFor = performance.now() - this.#heardAt;
    const isOpen = this.#state === "live" || this.#state === "silent";
    if (isOpen && silentFor >= silence) this.#become("silent", silentFor);
  }

  #become(state: LinkState, silentFor: number): void {
    if (state === this.#state && state !== "silent") return;
    this.#state = state;
    this.#options.onLink(state, silentFor);
  }
}

/** Sends what the page looks at: one view at a time, and of those that wait for it only the last. */
export class ViewSender {
  #waiting: View | undefined;
  #isSending = false;

  send(view: View): void {
    this.#waiting = view;
    if (!this.#isSending) this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting !== undefined) {
      const view = this.#waiting;
      this.#waiting = undefined;
      // Where it fails the connection has ended too, and with the next one the view is sent again.
      await post("view", view).catch(() => {});
    }
    this.#isSending = false;
  }
}

/** Asks for a change; resolves to why it was not made, or to `undefined`. */
export async function command(wanted: Command): Promise<string | undefined> {
  try {
    const { ok, status } = await post("control", wanted);
    if (ok) return undefined;
    if (status === 404) return "It is not there any more";
    if (status === 403) return "This inspector may only look";
    return `The program answered with ${status}`;
  } catch {
    return "The program did not answer";
  }
}

function post(path: string, body: View | Command): Promise<Response> {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(longestRequest),
  });
}
