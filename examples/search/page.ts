/** The page: one file, nothing from elsewhere. What comes from files is put in as text, never as markup. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Millrace search</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --dim: #888; --accent: #2a7ae2; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem; }
  header { display: flex; gap: 1rem; align-items: end; justify-content: space-between; flex-wrap: wrap; }
  h1 { font-size: 1.3rem; margin: 0; }
  figure { margin: 0; text-align: right; color: var(--dim); font-size: .8rem; }
  canvas { width: 240px; height: 40px; border-bottom: 1px solid var(--line); display: block; }
  progress { width: 100%; height: .5rem; accent-color: var(--accent); margin: .8rem 0 .2rem; }
  #state { color: var(--dim); font-size: .85rem; min-height: 1.3em; }
  form { display: flex; gap: .5rem; margin: 1rem 0 .5rem; }
  input { font: inherit; flex: 1; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: .4rem; }
  button { font: inherit; padding: .5rem .9rem; border: 1px solid var(--line); border-radius: .4rem; cursor: pointer; }
  ol { list-style: none; padding: 0; margin: 0; }
  li { padding: .45rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
  .path { font-weight: 600; } .score, .note { color: var(--dim); font-size: .8rem; margin-left: .5rem; }
  code { display: block; font-size: .8rem; white-space: pre-wrap; color: var(--dim); }
</style>
<header>
  <h1>Millrace search</h1>
  <figure><canvas id="delay" width="480" height="80"></canvas><span id="delayText">loop delay</span></figure>
</header>
<progress id="bar" max="1" value="0"></progress>
<div id="state">Starting</div>
<form id="searchForm"><input id="query" placeholder="Search words, results as you type" autofocus autocomplete="off"></form>
<form id="grepForm"><input id="expression" placeholder="Regular expression, all contents" autocomplete="off"><button id="grepButton">Grep</button></form>
<div class="note" id="note"></div>
<ol id="results"></ol>
<script>
const at = (id) => document.getElementById(id);
const results = at("results"), note = at("note");
let running = new AbortController();
function begin() { running.abort(); running = new AbortController(); results.replaceChildren(); return running.signal; }
function add(path, line, text, score) {
  const item = document.createElement("li"), name = document.createElement("span"), code = document.createElement("code");
  name.className = "path";
  name.textContent = line === undefined ? path : path + ":" + line;
  code.textContent = text ?? "";
  item.append(name);
  if (score !== undefined) {
    const points = document.createElement("span");
    points.className = "score";
    points.textContent = score;
    item.append(points);
  }
  item.append(code);
  results.append(item);
}
let typing;
at("query").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(search, 120); });
at("searchForm").addEventListener("submit", (event) => { event.preventDefault(); search(); });
async function search() {
  const query = at("query").value.trim(), signal = begin();
  note.textContent = "";
  if (query === "") return;
  try {
    const response = await fetch("/search?q=" + encodeURIComponent(query), { signal });
    const answer = await response.json();
    if (!response.ok) return void (note.textContent = answer.error);
    note.textContent = answer.results.length + " best of " + answer.files + " files in " + answer.ms + " ms" + (answer.complete ? "" : " (still indexing)");
    for (const { path, line, text, score } of answer.results) add(path, line, text, score);
  } catch (error) { if (!signal.aborted) note.textContent = String(error); }
}
at("grepForm").addEventListener("submit", async (event) => {
  event.preventDefault();
  const signal = begin();
  let count = 0, rest = "";
  try {
    const response = await fetch("/grep?limit=500&re=" + encodeURIComponent(at("expression").value), { signal });
    if (!response.ok) return void (note.textContent = (await response.text()).trim());
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\\n");
      rest = lines.pop();
      for (const text of lines) {
        const match = JSON.parse(text);
        if (match.error) { note.textContent = match.error; continue; }
        count++;
        add(match.path, match.line, match.text);
      }
      note.textContent = count + " matches";
    }
    if (count === 0) note.textContent = "No matches";
  } catch (error) { if (!signal.aborted) note.textContent = String(error); }
});
const delays = [];
async function refresh() {
  try {
    const { indexing, loop } = await (await fetch("/stats")).json();
    at("bar").value = indexing.done ? 1 : indexing.files / Math.max(1, indexing.found);
    at("state").textContent = (indexing.done ? "Indexed " : "Indexing ") + indexing.files + " of " + indexing.found + " files, "
      + (indexing.bytes / 1e6).toFixed(1) + " MB, " + indexing.megabytesPerSecond.toFixed(1) + " MB/s";
    delays.push(loop.recent);
    if (delays.length > 120) delays.shift();
    at("delayText").textContent = "loop delay " + loop.recent.toFixed(1) + " ms, p99 " + loop.p99.toFixed(1) + " ms, longest " + loop.longest.toFixed(1) + " ms";
    draw();
  } catch { at("state").textContent = "The server does not answer"; }
  setTimeout(refresh, 500);
}
function draw() {
  const canvas = at("delay"), context = canvas.getContext("2d"), most = Math.max(10, ...delays);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
  context.lineWidth = 2;
  context.beginPath();
  delays.forEach((delay, index) => context.lineTo(index * canvas.width / 119, canvas.height - 3 - delay / most * (canvas.height - 8)));
  context.stroke();
}
refresh();
</script>
</html>
`;
