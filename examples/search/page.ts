/** The page: one file, nothing from elsewhere. What comes from files is put in as text, never as markup. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Millrace search</title>
<style>
  :root { color-scheme: light dark; --ground: #fbfaf8; --card: #fff; --ink: #22201d; --dim: #7a746c; --line: #e4dfd7; --accent: #1f6f8b; --mark: #ffe9a8; }
  @media (prefers-color-scheme: dark) {
    :root { --ground: #191817; --card: #22211f; --ink: #e8e4de; --dim: #98918a; --line: #3a3733; --accent: #6fb7cf; --mark: #6b5716; }
  }
  * { box-sizing: border-box; }
  body { font: 15px/1.5 system-ui, sans-serif; background: var(--ground); color: var(--ink); max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
  h1 { font-size: 1.25rem; margin: 0 0 1rem; }
  h1 span { color: var(--dim); font-weight: 400; }
  .numbers { display: grid; grid-template-columns: 4fr 5fr 5fr 3fr 9fr; gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
  .numbers > div { background: var(--card); padding: .6rem .8rem; min-width: 0; }
  .numbers b { display: block; font-size: 1.15rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
  .numbers small, .note { color: var(--dim); font-size: .8rem; }
  .numbers small { white-space: nowrap; }
  @media (max-width: 46rem) { .numbers { grid-template-columns: 1fr 1fr; } .numbers .wide { grid-column: 1 / -1; } }
  canvas { width: 100%; height: 34px; display: block; }
  .track { height: 4px; border-radius: 2px; background: var(--line); margin: .7rem 0; }
  .track > div { height: 100%; width: 0; border-radius: 2px; background: var(--accent); transition: width .3s; }
  form { display: flex; gap: .5rem; margin: 1rem 0 .4rem; }
  input[type=search] { flex: 1; min-width: 0; font: inherit; color: inherit; background: var(--card); padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .6rem; }
  input[type=search]:focus { outline: 2px solid var(--accent); outline-offset: -1px; }
  .mode { display: flex; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
  .mode label { padding: .6rem .9rem; cursor: pointer; }
  .mode input { position: absolute; opacity: 0; }
  .mode label:has(:checked) { background: var(--accent); color: var(--card); }
  .mode label:has(:focus-visible) { outline: 2px solid var(--ink); outline-offset: -3px; }
  .note { min-height: 1.4em; }
  .note.bad { color: #c2412d; }
  ol { list-style: none; padding: 0; margin: .3rem 0 0; }
  li { padding: .5rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
  .path { color: var(--dim); } .path b { color: var(--ink); }
  .score { float: right; color: var(--dim); font-size: .8rem; font-variant-numeric: tabular-nums; }
  code { display: block; font: .82rem/1.5 ui-monospace, monospace; white-space: pre-wrap; padding-left: 4.2em; text-indent: -4.2em; }
  code i { color: var(--dim); font-style: normal; display: inline-block; min-width: 4.2em; padding-right: 1em; text-align: right; text-indent: 0; user-select: none; }
  mark { background: var(--mark); color: inherit; border-radius: 2px; }
</style>
<h1>Millrace search <span id="folders"></span></h1>
<div class="numbers">
  <div><b id="files">0</b><small id="filesOf">files</small></div>
  <div><b id="bytes">0 MB</b><small id="rate">0 MB/s</small></div>
  <div><b id="requests">0</b><small id="left">requests</small></div>
  <div><b id="workers">0 / 0</b><small>workers busy</small></div>
  <div class="wide"><canvas id="delay"></canvas><small id="delayText">loop delay</small></div>
</div>
<div class="track"><div id="bar"></div></div>
<form id="form">
  <input type="search" id="query" placeholder="Results as you type" autofocus autocomplete="off" spellcheck="false">
  <span class="mode">
    <label><input type="radio" name="mode" value="search" checked>Words</label>
    <label><input type="radio" name="mode" value="grep">Regex</label>
  </span>
</form>
<div class="note" id="note"></div>
<ol id="results"></ol>
<script>
const at = (id) => document.getElementById(id);
const results = at("results"), query = at("query");
let folders = [];

function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

function say(text, bad = false) {
  at("note").textContent = text;
  at("note").classList.toggle("bad", bad);
}

function pathElement(path) {
  const folder = folders.find((folder) => path.startsWith(folder));
  const short = folder === undefined ? path : path.slice(folder.length).replace(/^[/\\\\]/, "");
  const cut = Math.max(short.lastIndexOf("/"), short.lastIndexOf("\\\\")) + 1;
  return element("span", "path", short.slice(0, cut), element("b", "", short.slice(cut)));
}

/** A line of a file, with what was found in it marked: pairs of offsets. */
function lineElement({ line, text }, marks) {
  const code = element("code", "", element("i", "", String(line)));
  let end = 0;
  for (const [from, to] of marks) {
    code.append(text.slice(end, from), element("mark", "", text.slice(from, to)));
    end = to;
  }
  code.append(text.slice(end));
  return code;
}

/** Where the words stand in a text. */
function wordMarks(text, words) {
  if (words.length === 0) return [];
  const pattern = words.map((word) => word.replace(/[^\\p{L}\\p{N}_]/gu, "\\\\$&")).join("|");
  return [...text.matchAll(new RegExp(pattern, "giu"))].map(({ index, 0: found }) => [index, index + found.length]);
}

// A newer question aborts the older one: the server stops working on it.
let running = new AbortController(), typing;
function ask(wait) {
  clearTimeout(typing);
  running.abort();
  const { signal } = running = new AbortController();
  const text = query.value.trim(), mode = new FormData(at("form")).get("mode");
  if (text === "") return void (results.replaceChildren(), say(""));
  typing = setTimeout(async () => {
    try {
      await (mode === "grep" ? grep : search)(text, signal);
    } catch (error) {
      if (!signal.aborted) say(String(error), true);
    }
  }, wait);
}
query.addEventListener("input", () => ask(120));
at("form").addEventListener("change", (event) => event.target !== query && ask(0));
at("form").addEventListener("submit", (event) => (event.preventDefault(), ask(0)));

async function search(text, signal) {
  const response = await fetch("/search?q=" + encodeURIComponent(text), { signal });
  if (!response.ok) return void (results.replaceChildren(), say(await errorOf(response), true));
  const answer = await response.json();
  const words = text.split(/[^\\p{L}\\p{N}_$]+/u).filter((word) => word.length > 1);
  results.replaceChildren(...answer.results.map((hit) => {
    const item = element("li", "", element("span", "score", hit.score.toFixed(2)), pathElement(hit.path));
    if (hit.text !== undefined) item.append(lineElement(hit, wordMarks(hit.text, words)));
    return item;
  }));
  say("The best " + answer.results.length + " of " + answer.files.toLocaleString("en") + " files, in " + answer.ms + " ms" + (answer.complete ? "" : ", still indexing"));
}

async function grep(text, signal) {
  const began = performance.now();
  say("Looking");
  const response = await fetch("/grep?limit=500&re=" + encodeURIComponent(text), { signal });
  results.replaceChildren();
  if (!response.ok) return say(await errorOf(response), true);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let count = 0, rest = "", path, item, stopped = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\\n");
    rest = lines.pop();
    for (const match of lines.map((line) => JSON.parse(line))) {
      if (match.error) { stopped = match.error; continue; }
      if (match.path !== path) results.append(item = element("li", "", pathElement(path = match.path)));
      item.append(lineElement(match, [[match.from, match.to]]));
      count++;
    }
    say(count + " matches so far");
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(2);
  say(stopped || (count === 500 ? "The first 500 matches" : count + " matches") + ", in " + seconds + " s", stopped !== "");
}

async function errorOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error;
  } catch {
    return text;
  }
}

const delays = [];
async function refresh() {
  try {
    const { indexing, loop, pool, grep, server } = await (await fetch("/stats")).json();
    folders = indexing.folders;
    at("folders").textContent = "in " + folders.join(", ");
    at("files").textContent = indexing.files.toLocaleString("en");
    at("filesOf").textContent = indexing.done ? "files indexed" : "of " + indexing.found.toLocaleString("en") + " files";
    at("bytes").textContent = (indexing.bytes / 1e6).toFixed(1) + " MB";
    at("rate").textContent = indexing.megabytesPerSecond.toFixed(1) + " MB/s" + (indexing.done ? ", " + indexing.seconds.toFixed(1) + " s" : "");
    at("bar").style.width = (indexing.done ? 100 : 100 * indexing.finished / Math.max(1, indexing.found)) + "%";
    // This request itself is one of them.
    at("requests").textContent = server.active - 1;
    at("left").textContent = "requests, " + server.disconnected + " abandoned";
    at("workers").textContent = pool.running + " / " + pool.workers +
      (grep.abandoned === 0 ? "" : ", free " + grep.freedAfter + " ms after a search was left");
    delays.push(loop.recent);
    if (delays.length > 120) delays.shift();
    at("delayText").textContent = "loop delay " + loop.recent.toFixed(1) + " ms, p99 " + loop.p99.toFixed(1) + ", longest " + loop.longest.toFixed(1);
    draw();
  } catch {
    say("The server does not answer", true);
  }
  setTimeout(refresh, 500);
}

function draw() {
  const canvas = at("delay"), context = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const width = canvas.width = canvas.clientWidth * devicePixelRatio, height = canvas.height = canvas.clientHeight * devicePixelRatio;
  const most = Math.max(10, ...delays), y = (delay) => height - 2 - delay / most * (height - 4), x = (index) => (index + 120 - delays.length) * width / 119;
  // The slice: longer than this the loop is not to be kept.
  context.strokeStyle = style.getPropertyValue("--line");
  context.lineWidth = devicePixelRatio;
  context.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  context.beginPath();
  context.moveTo(0, y(5));
  context.lineTo(width, y(5));
  context.stroke();
  context.setLineDash([]);
  context.strokeStyle = style.getPropertyValue("--accent");
  context.lineWidth = 1.5 * devicePixelRatio;
  context.beginPath();
  delays.forEach((delay, index) => context.lineTo(x(index), y(delay)));
  context.stroke();
}
refresh();
</script>
</html>
`;
