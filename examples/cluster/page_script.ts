/** What the page does. The text is raw: a backslash in it is one of the script's. */

export const script: string = String.raw`
const at = (id) => document.getElementById(id);
const results = at("results"), query = at("query");
/** How many calls a worker runs at once, and how many files a call has. */
const lanes = 2, filesPerCall = 64;
/** How many files of the results are shown. */
const mostShown = 200;
let state;

function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function say(text, bad = false) {
  setText(at("note"), text);
  at("note").classList.toggle("bad", bad);
}

function short(path) {
  const folder = state?.folders.find((folder) => path.startsWith(folder));
  return folder === undefined ? path : path.slice(folder.length).replace(/^[/\\]/, "");
}

const seconds = (ms) => (ms / 1000).toFixed(1) + " s";

/** The cards stay the same nodes, so that the focus does not move under anybody's hands. */
const cards = new Map();

function cardOf(name) {
  let card = cards.get(name);
  if (card !== undefined) return card;
  const title = element("h3", "", name), told = element("small"), kill = element("button", "kill", "kill -9");
  kill.type = "button";
  kill.setAttribute("aria-label", "Kill " + name);
  kill.addEventListener("click", () => post("/kill?worker=" + encodeURIComponent(name)));
  const slots = Array.from({ length: lanes }, () => {
    const what = element("span"), who = element("b"), file = element("span"), time = element("span");
    const node = element("div", "lane", element("div", "", who, time), element("div", "", file));
    node.append(what);
    return { node, who, file, time };
  });
  const node = element("article", "worker", element("header", "", title, told, kill), ...slots.map((slot) => slot.node));
  card = { node, told, kill, slots };
  cards.set(name, card);
  at("workers").append(node);
  return card;
}

function showWorker(worker) {
  const { node, told, kill, slots } = cardOf(worker.name);
  const gone = worker.state === "killed" || worker.state === "ended";
  node.className = "worker " + worker.state;
  setText(told, (worker.state === "serves" ? "process " + worker.pid : worker.state) + ", " + worker.done + " done");
  kill.hidden = worker.state !== "serves";
  const calls = state.running.filter((call) => call.worker === worker.name);
  slots.forEach(({ node, who, file, time }, index) => {
    const call = calls[index];
    node.hidden = gone && call === undefined;
    const look = call === undefined ? "" : gone ? " lost" : call.attempt > 1 ? " busy again" : " busy";
    node.className = "lane" + look;
    setText(who, call === undefined ? "free" : "call " + call.id + (gone ? ", lost with it" : call.attempt > 1 ? ", attempt " + call.attempt : ""));
    setText(time, call === undefined ? "" : seconds(call.ms));
    setText(file, call === undefined ? "" : call.files + " files from " + short(call.file));
  });
}

function show() {
  const { workers, queued, running, again, pool, lines, folders, files } = state;
  setText(at("folders"), "over " + files.toLocaleString("en") + " files in " + folders.join(", "));
  for (const name of [...cards.keys()]) {
    if (workers.some((worker) => worker.name === name)) continue;
    cards.get(name).node.remove();
    cards.delete(name);
  }
  workers.forEach(showWorker);
  const live = new Set(workers.filter(({ state }) => state === "serves").map(({ name }) => name));
  // Those that were lost with their worker wait for another one.
  const lost = running.filter(({ worker }) => !live.has(worker)).length;
  const figures = { queued: queued + lost, running: running.length - lost, done: pool.completed, again, duplicates: pool.duplicates, dead: pool.dead };
  for (const [id, figure] of Object.entries(figures)) setText(at(id), figure.toLocaleString("en"));
  const log = at("log");
  const last = lines.at(-1);
  const key = last === undefined ? "" : lines.length + " " + last.at + " " + last.text;
  if (log.dataset.key === key) return;
  log.dataset.key = key;
  log.replaceChildren(...lines.toReversed().map(({ at, text }) =>
    element("li", "", element("time", "", new Date(at).toLocaleTimeString("en", { hour12: false })), text)
  ));
}

const events = new EventSource("/events");
function link(text, bad) {
  setText(at("link"), text);
  at("link").classList.toggle("bad", bad);
}
events.addEventListener("message", (event) => {
  state = JSON.parse(event.data);
  link(state.pool.isConnected || state.pool.completed === 0 ? "live" : "NATS is away", false);
  show();
});
events.addEventListener("error", () => link("the program is gone", true));

async function post(path) {
  try {
    const response = await fetch(path, { method: "POST" });
    if (!response.ok) say((await response.json()).error, true);
  } catch (error) {
    say(String(error), true);
  }
}
at("start").addEventListener("click", () => post("/start"));

// A newer question aborts the older one: its calls are cancelled, wherever they are.
let running = new AbortController();
at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  running.abort();
  const { signal } = running = new AbortController();
  const text = query.value;
  results.replaceChildren();
  at("bar").style.width = "0";
  if (text === "") return say("");
  try {
    await search(text, signal);
  } catch (error) {
    if (!signal.aborted) say(String(error), true);
  }
});

async function search(text, signal) {
  say("Searching");
  const doneBefore = state?.pool.completed ?? 0, calls = Math.ceil((state?.files ?? 1) / filesPerCall);
  const progress = setInterval(() => {
    at("bar").style.width = Math.min(100, 100 * ((state?.pool.completed ?? 0) - doneBefore) / calls) + "%";
  }, 100);
  try {
    const response = await fetch("/grep?re=" + encodeURIComponent(text), { signal });
    if (!response.ok) return say((await response.json()).error, true);
    await readMatches(response);
    at("bar").style.width = "100%";
  } finally {
    clearInterval(progress);
  }
}

async function readMatches(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const items = new Map();
  let count = 0, rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const match = JSON.parse(line);
      if (match.error !== undefined) return say(match.error, true);
      if (match.path === undefined) return tellEnd(count, match);
      count++;
      addMatch(items, match);
    }
    say(count + " matches so far");
  }
}

function addMatch(items, match) {
  let item = items.get(match.path);
  if (item === undefined) {
    if (items.size >= mostShown) return;
    const name = short(match.path), cut = name.lastIndexOf("/") + 1;
    item = element("li", "", element("div", "path", name.slice(0, cut), element("b", "", name.slice(cut))));
    items.set(match.path, item);
    results.append(item);
  }
  const { text, from, to } = match;
  item.append(element("code", "", element("i", "", String(match.line)), text.slice(0, from), element("mark", "", text.slice(from, to)), text.slice(to)));
}

function tellEnd(count, { calls, again, complete, ms }) {
  const lost = again === 0 ? "" : "; " + again + (again === 1 ? " call" : " calls") + " ran again, none was lost";
  say((complete ? count + " matches in all files" : "The first " + count + " matches") + ", from " + calls + " calls in " + seconds(ms) + lost);
}
`;
