/** Questions and their results. */

import { count, element, fileAddress, lineElement, milliseconds, pathElement, wordMarks } from "./text.js";

/** The most lines that are asked for. */
const mostLines = 10_000;
/** How often the number of matches so far is said: each time it is read out to whoever listens to the page. */
const saidEvery = 1000;

const results = document.getElementById("results");
const note = document.getElementById("note");
const stopButton = document.getElementById("stop");

export class Search {
  /** Is a question being answered? */
  isRunning = false;
  /** Has a question found no server? */
  isLost = false;
  /** Do the results come from an index that was not complete? */
  isIncomplete = false;
  #figures;
  #running = new AbortController();
  #typing;

  constructor(figures) {
    this.#figures = figures;
    this.#empty();
  }

  /** Asks, after a wait. A newer question aborts the older one: the server stops working on it. */
  ask(text, mode, wait) {
    this.#leave();
    if (text === "") return this.#empty();
    const { signal } = this.#running;
    this.#typing = setTimeout(async () => {
      this.#setRunning(true);
      try {
        await (mode === "grep" ? this.#grep(text, signal) : this.#search(text, signal));
      } catch (error) {
        if (signal.aborted) return;
        // What came is all that will come.
        this.isLost = error instanceof TypeError;
        say(this.isLost ? "The server does not answer. It will be asked again." : String(error), true);
      }
      if (!signal.aborted) this.#setRunning(false);
    }, wait);
  }

  /** Ends a question that is being answered. */
  stop() {
    if (!this.isRunning) return;
    this.#leave();
    const lines = results.querySelectorAll("a").length;
    say(lines === 0 ? "Stopped" : `Stopped: ${count(lines, "result", "results")} so far`);
  }

  #leave() {
    clearTimeout(this.#typing);
    this.#running.abort();
    this.#running = new AbortController();
    this.isLost = false;
    this.#setRunning(false);
  }

  #setRunning(running) {
    this.isRunning = running;
    stopButton.hidden = !running;
    results.setAttribute("aria-busy", String(running));
  }

  #empty() {
    results.replaceChildren();
    this.isIncomplete = false;
    say("Type words, parts of names among them, or a regular expression.");
  }

  async #search(text, signal) {
    const response = await fetch(`/search?${new URLSearchParams({ q: text })}`, { signal });
    if (!response.ok) return await fail(response);
    const answer = await response.json();
    const words = text.split(/[^\p{L}\p{N}_$]+/u).filter((word) => word.length > 1);
    results.replaceChildren(...answer.results.map((hit) => {
      const score = element("span", "score", hit.score.toFixed(2));
      score.title = "How well the file matches (BM25)";
      const link = element("a", "", score, pathElement(hit.path, this.#figures.folders));
      link.href = fileAddress(hit.path, hit.line ?? 1);
      if (hit.text !== undefined) link.append(lineElement(hit, wordMarks(hit.text, words)));
      return element("li", "", link);
    }));
    this.isIncomplete = !answer.complete;
    const files = count(answer.files, "file", "files");
    const found = answer.results.length;
    say(
      (found === 0 ? `Nothing found in ${files}` : `The best ${found} of ${files}`) +
        `, in ${milliseconds(answer.ms)}${answer.complete ? "" : ", still indexing"}`,
    );
  }

  async #grep(text, signal) {
    const began = performance.now();
    say("Looking");
    const response = await fetch(`/grep?${new URLSearchParams({ re: text, limit: String(mostLines) })}`, { signal });
    if (!response.ok) return await fail(response);
    results.replaceChildren();
    this.isIncomplete = this.#figures.isIndexing;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let found = 0, rest = "", path, item, trouble = "", said = began;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const match of lines.map((line) => JSON.parse(line))) {
        if (match.error !== undefined) {
          trouble = match.error;
          continue;
        }
        if (match.path !== path) {
          path = match.path;
          item = element("li", "", pathElement(path, this.#figures.folders));
          results.append(item);
        }
        const link = element("a", "", lineElement(match, [[match.from, match.to]]));
        link.href = fileAddress(path, match.line);
        item.append(link);
        found++;
      }
      if (performance.now() - said < saidEvery) continue;
      said = performance.now();
      say(`${count(found, "match", "matches")} so far`);
    }
    const took = milliseconds(performance.now() - began);
    if (trouble !== "") say(`${count(found, "match", "matches")}. ${trouble}`, true);
    else if (found >= mostLines) say(`The first ${found.toLocaleString("en")} matches, in ${took}; there may be more`);
    else say(`${found === 0 ? "Nothing found" : count(found, "match", "matches")}, in ${took}`);
  }
}

function say(text, bad = false) {
  note.textContent = text;
  note.classList.toggle("bad", bad);
}

async function fail(response) {
  const text = (await response.text()).trim();
  results.replaceChildren();
  try {
    say(JSON.parse(text).error, true);
  } catch {
    say(text, true);
  }
}
