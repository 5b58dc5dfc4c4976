/** The figures of the server, and whether it answers at all. */

import { Chart } from "./chart.js";
import { milliseconds } from "./text.js";

/** How often the server is asked for its figures, and how often for nothing, in ms. */
const askedEvery = 500, pingedEvery = 250;
/** After this long without an answer the server is said to be lost, in ms. */
const patience = 5000;
/** For how long the slowest ping is remembered, in ms. */
const remembered = 10_000;
/** A request that waits longer than this is felt. */
const slow = 100;

const at = (id) => document.getElementById(id);

function show(id, text) {
  // What stays the same is left alone, so that a selection in it stays too.
  if (at(id).textContent !== text) at(id).textContent = text;
}

export class Figures {
  /** The folders that are searched. */
  folders = [];
  isIndexing = true;
  /** Is called once the index is complete. */
  onIndexed = () => {};
  /** Is called when the server answers again. */
  onBack = () => {};
  /** Is the loop blocked on purpose? The chart shades it. */
  isBlocked = false;
  #chart = new Chart(at("chart"));
  #pings = [];
  #since;
  #isLost = false;

  /** Begins to ask; it goes on for as long as the page is there. */
  run() {
    this.#repeat(askedEvery, () => this.#refresh());
    this.#repeat(pingedEvery, () => this.#ping());
  }

  /** The slowest ping that was sent after a time and has been answered, in ms. */
  slowestPing(since) {
    return Math.max(0, ...this.#pings.filter(({ at, took }) => at - took >= since).map(({ took }) => took));
  }

  /** One after the other: none is begun while the one before is on its way. */
  async #repeat(every, once) {
    for (;;) {
      const next = performance.now() + every;
      await once();
      await new Promise((resolve) => setTimeout(resolve, Math.max(50, next - performance.now())));
    }
  }

  async #refresh() {
    // An answer is about the time before it, in which the loop may have been blocked, and not about its own moment.
    const { isBlocked } = this;
    try {
      const asked = this.#since === undefined ? "" : `?since=${this.#since}`;
      const response = await fetch(`/stats${asked}`, { signal: AbortSignal.timeout(patience) });
      if (!response.ok) throw new Error(`The server answers with ${response.status}`);
      const answer = await response.json();
      const isFirst = this.#since === undefined;
      this.#since = answer.now;
      this.#show(answer, isFirst, isBlocked || this.isBlocked);
      this.#setLost(false);
    } catch {
      // A server that was started anew has a clock of its own.
      this.#since = undefined;
      this.#setLost(true);
    }
  }

  async #ping() {
    const began = performance.now();
    try {
      await (await fetch("/ping", { signal: AbortSignal.timeout(patience) })).text();
    } catch {
      return;
    }
    const now = performance.now();
    this.#pings.push({ at: now, took: now - began });
    this.#pings = this.#pings.filter(({ at }) => at >= now - remembered);
    const slowest = this.slowestPing(0);
    show("ping", milliseconds(now - began));
    show("ping-text", `for a ping, slowest in 10 s: ${milliseconds(slowest)}`);
    at("ping").classList.toggle("slow", now - began > slow);
  }

  #show({ indexing, loop, pool, grep, server }, isFirst, isBlocked) {
    const number = (value) => value.toLocaleString("en");
    this.folders = indexing.folders;
    show("folders", indexing.folders.length === 0 ? "" : `in ${indexing.folders.join(", ")}`);
    show("files", number(indexing.files));
    const left = indexing.finished - indexing.files;
    show(
      "files-text",
      indexing.done
        ? `files indexed${left === 0 ? "" : `, ${number(left)} left out`}`
        : `files, of ${number(indexing.found)} found so far`,
    );
    show("bytes", `${(indexing.bytes / 1e6).toFixed(1)} MB`);
    const speed = `${indexing.megabytesPerSecond.toFixed(1)} MB/s`;
    show("bytes-text", indexing.done ? `of text in ${indexing.seconds.toFixed(1)} s, ${speed}` : `of text, ${speed}`);
    const share = indexing.done ? 1 : indexing.finished / Math.max(1, indexing.found);
    at("bar").value = share;
    // This request itself is one of them.
    show("requests", number(Math.max(0, server.active - 1)));
    show("requests-text", `requests now, ${number(server.disconnected)} abandoned`);
    show("workers", pool.workers === 0 ? "0" : `${pool.running} of ${pool.workers}`);
    show(
      "workers-text",
      pool.workers === 0
        ? "workers: the first regular expression starts them"
        : grep.abandoned === 0
        ? "workers busy"
        : `workers busy, free ${milliseconds(grep.freedAfter)} after the last abandoned search`,
    );
    if (this.isIndexing && indexing.done) {
      this.isIndexing = false;
      this.onIndexed();
    }
    this.isIndexing = !indexing.done;
    // The delay is that since the answer before. What was earlier is no matter of this page, and would stand in the chart
    // for a minute: of a delay of 191 ms while a browser started, the server's thread waited 186 ms for a processor.
    if (isFirst) return;
    this.#chart.add(loop.recent, isBlocked);
    show(
      "delay",
      `Loop delay ${milliseconds(loop.recent)}, longest in this minute ${milliseconds(this.#chart.longest)}, ` +
        `99 of 100 within ${milliseconds(loop.p99)}. Dashed: 5 ms, one slice.`,
    );
  }

  #setLost(lost) {
    if (lost === this.#isLost) return;
    this.#isLost = lost;
    at("lost").hidden = !lost;
    at("lost").textContent = lost ? "The server does not answer. Trying again: these figures are old." : "";
    at("figures").classList.toggle("stale", lost);
    if (!lost) this.onBack();
  }
}
