/** The switch that blocks the loop of the server for a while, then has the same work done in slices. */

import { count, milliseconds } from "./text.js";

/** How long each way goes on, and how long one request does, in ms. */
const phase = 4000, once = 500;

const button = document.getElementById("block");
const text = document.getElementById("block-text");

export class Blocking {
  #figures;
  #running;

  /** `question` gives what stands in the form. */
  constructor(figures, question) {
    this.#figures = figures;
    button.addEventListener("click", () => this.isRunning ? this.stop() : this.#run(question()));
  }

  get isRunning() {
    return this.#running !== undefined;
  }

  stop() {
    this.#running?.abort();
  }

  async #run({ text: words, mode }) {
    if (words === "" || mode === "grep") {
      text.textContent = "Type the words of a search first, not a regular expression: that runs on other threads.";
      return;
    }
    const running = this.#running = new AbortController();
    try {
      this.#setBlocked(true);
      text.textContent = "Blocking the loop: no other request is answered while a search runs.";
      const naive = await this.#phase(words, true, running.signal);
      this.#setBlocked(false);
      text.textContent = `Blocked, a ping took up to ${milliseconds(naive.slowest)}. The same work in slices now.`;
      const sliced = await this.#phase(words, false, running.signal);
      text.textContent = `A ping took up to ${milliseconds(naive.slowest)} while the loop was blocked ` +
        `(${count(naive.rounds, "search", "searches")}), and up to ${milliseconds(sliced.slowest)} while the same ` +
        `ran in slices (${count(sliced.rounds, "search", "searches")}).`;
    } catch (error) {
      text.textContent = running.signal.aborted ? "Stopped: the loop is free." : error.message;
    } finally {
      this.#running = undefined;
      this.#setBlocked(false);
    }
  }

  /** One way of searching, again and again; how often, and how long others had to wait at most. */
  async #phase(words, naively, signal) {
    const began = performance.now();
    const asked = new URLSearchParams({ q: words, ms: String(once), naively: naively ? "1" : "0" });
    let rounds = 0;
    while (performance.now() < began + phase) {
      // The header says that this page asks: no page of another site can send it.
      const response = await fetch(`/repeat?${asked}`, { headers: { "x-millrace-page": "1" }, signal });
      if (!response.ok) throw new Error(JSON.parse(await response.text()).error);
      rounds += (await response.json()).rounds;
    }
    return { rounds, slowest: this.#figures.slowestPing(began) };
  }

  #setBlocked(blocked) {
    this.#figures.isBlocked = blocked;
    button.setAttribute("aria-checked", String(blocked));
  }
}
