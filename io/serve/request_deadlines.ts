/**
 * The time limits of a server's requests.
 *
 * @module
 */

import { loop } from "../../scheduler/queue/loop.ts";

/** What has a time limit. */
export interface Limited {
  /** When its time began, in ms of the host's clock. */
  readonly began: number;
  /** Its time is over. */
  expire(): void;
}

/**
 * As all requests have the same time, their deadlines come in the order of the requests, and one timer is enough for those of a
 * server. It is set again only when it has fired: a timer of the host for each request would cost as much as its scope.
 */
export class RequestDeadlines {
  readonly #timeout: number;
  /** In order of their deadlines. */
  readonly #waiting: Set<Limited> = new Set();
  #timer: { cancel(): void } | undefined = undefined;

  /** `timeout` in ms. */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /** `limited` is to expire in time; those that come later must have begun later. */
  add(limited: Limited): void {
    this.#waiting.add(limited);
    if (this.#timer === undefined) this.#arm(limited);
  }

  /** `limited` is not to expire any more. */
  delete(limited: Limited): void {
    this.#waiting.delete(limited);
  }

  /** Nothing expires any more. */
  stop(): void {
    this.#waiting.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm({ began }: Limited): void {
    const delay = Math.max(0, began + this.#timeout - loop().host.now());
    // The server holds the process anyway; in a simulation the clock has to go on to it.
    this.#timer = loop().timers.setTimer(() => this.#fire(), delay, { real: true });
  }

  #fire(): void {
    this.#timer = undefined;
    for (const limited of this.#waiting) {
      if (limited.began + this.#timeout > loop().host.now()) return this.#arm(limited);
      this.#waiting.delete(limited);
      limited.expire();
    }
  }
}
