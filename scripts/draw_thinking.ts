/**
 * Draws the four pictures of the page that explains scopes: `npx tsx scripts/draw_thinking.ts`.
 *
 * Each is 400 wide with text of 12, so that it can be read on a phone, and has a background of its own for both colour schemes.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";

type Kind = "plain" | "good" | "bad" | "faint";

const style = `
  .d { --paper: #fff; --ink: #1c2430; --faint: #5c6675; --edge: #3b73b9; --fill: #e3eefb; --good: #d9f2e3;
    --good-edge: #1d7a46; --bad: #fbdfdc; --bad-edge: #c5281c; --dim: #eef0f3; --dim-edge: #8b94a3; }
  @media (prefers-color-scheme: dark) {
    .d { --paper: #161b22; --ink: #e6eaf0; --faint: #a3aebd; --edge: #6ea8ee; --fill: #1d3350; --good: #17402a;
      --good-edge: #5fce8f; --bad: #55211d; --bad-edge: #ff8a7d; --dim: #262d37; --dim-edge: #7d8896; }
  }
  .d text { font: 12px system-ui, sans-serif; fill: var(--ink); }
  .d .small { font-size: 11px; fill: var(--faint); }
  .d rect, .d circle { stroke-width: 1.2; }
  .d .plain { fill: var(--fill); stroke: var(--edge); }
  .d .good { fill: var(--good); stroke: var(--good-edge); }
  .d .bad { fill: var(--bad); stroke: var(--bad-edge); }
  .d .faint { fill: var(--dim); stroke: var(--dim-edge); }
  .d .frame { fill: none; stroke: var(--dim-edge); stroke-dasharray: 4 3; }
  .d .line { fill: none; stroke: var(--faint); stroke-width: 1.3; }
  .d .line.bad { fill: none; stroke: var(--bad-edge); }
  .d .head { fill: var(--faint); }
  .d .head.bad { fill: var(--bad-edge); stroke: none; }`;

function text(x: number, y: number, words: string, kind = "", anchor = "middle"): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${kind === "" ? "" : ` class="${kind}"`}>${escaped}</text>`;
}

/** A rounded box around words, by its centre. */
function box(x: number, y: number, width: number, words: string, kind: Kind = "plain"): string {
  const place = `x="${x - width / 2}" y="${y - 14}" width="${width}" height="28" rx="6"`;
  return `<rect ${place} class="${kind}" />${text(x, y + 4, words)}`;
}

function frame(x: number, y: number, width: number, height: number): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" class="frame" />`;
}

/** An arrow along points. */
function arrow(points: readonly (readonly [number, number])[], kind: "" | "bad" = ""): string {
  const [[x1, y1], [x2, y2]] = points.slice(-2) as [[number, number], [number, number]];
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
  const head = `<path d="M0 0L-8 -4V4Z" transform="translate(${x2} ${y2}) rotate(${angle})" class="head ${kind}" />`;
  return `<polyline points="${points.map((point) => point.join()).join(" ")}" class="line ${kind}" />${head}`;
}

function save(name: string, title: string, height: number, parts: readonly string[]): void {
  const size = `width="520" height="${Math.round(height * 1.3)}" viewBox="0 0 400 ${height}"`;
  const paper = `<rect width="400" height="${height}" rx="8" style="fill: var(--paper)" />`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" class="d" ${size} role="img">
<title>${title}</title>
<style>${style}
</style>
${[paper, ...parts].join("\n")}
</svg>
`;
  writeFileSync(`docs/thinking/${name}.svg`, svg);
}

function lifeOfATask(): void {
  save("life", "The life of a task: queued, running and waiting, then fulfilled, rejected or cancelled", 292, [
    text(62, 30, "g.spawn(fn)", "small"),
    arrow([[62, 36], [62, 54]]),
    box(62, 70, 84, "queued"),
    arrow([[104, 70], [146, 70]]),
    text(125, 62, "a turn", "small"),
    box(190, 70, 88, "running"),
    arrow([[234, 64], [292, 64]]),
    text(263, 57, "await", "small"),
    arrow([[292, 77], [234, 77]]),
    text(263, 92, "ready", "small"),
    box(336, 70, 88, "waiting", "faint"),
    arrow([[336, 84], [336, 130]], "bad"),
    text(328, 112, "cancel: it throws", "small", "end"),
    box(336, 146, 96, "cancelling", "bad"),
    text(282, 150, "finally runs", "small", "end"),
    arrow([[176, 84], [176, 120], [84, 120], [84, 206]]),
    text(90, 186, "returns", "small", "start"),
    arrow([[200, 84], [200, 206]]),
    text(206, 186, "throws", "small", "start"),
    arrow([[336, 160], [336, 206]]),
    frame(16, 198, 368, 84),
    box(84, 222, 96, "fulfilled", "good"),
    box(200, 222, 96, "rejected", "bad"),
    box(336, 222, 84, "cancelled", "faint"),
    text(200, 266, "Only when all its tasks are here, the group ends."),
  ]);
}

function cancellationInTheTree(): void {
  save("cancel", "A timeout cancels a group, and with it everything below; what is beside it goes on", 316, [
    box(200, 34, 130, "group: the server"),
    arrow([[176, 48], [124, 76]]),
    arrow([[224, 48], [316, 76]]),
    box(316, 92, 130, "another request", "good"),
    text(316, 122, "goes on", "small"),
    box(110, 92, 150, "group: a request", "bad"),
    text(28, 70, "1  timeout", "small", "start"),
    arrow([[90, 106], [60, 150]], "bad"),
    arrow([[130, 106], [190, 150]], "bad"),
    text(170, 126, "2  cancel runs down", "small", "start"),
    box(60, 166, 88, "task: fetch", "bad"),
    box(196, 166, 130, "group: two queries", "bad"),
    arrow([[176, 180], [126, 222]], "bad"),
    arrow([[206, 180], [222, 222]], "bad"),
    arrow([[236, 180], [312, 222]]),
    box(112, 238, 74, "query a", "bad"),
    box(222, 238, 74, "query b", "bad"),
    box(324, 238, 106, "shield: undo", "good"),
    text(324, 268, "finishes first", "small"),
    text(14, 290, "3  Each one ends: its finally blocks run, children before parents.", "small", "start"),
    text(14, 307, "4  When all have ended, the request throws TimeoutError.", "small", "start"),
  ]);
}

function sliceOfTheLoop(): void {
  const turn = (x: number, width: number, kind: Kind = "plain"): string =>
    `<rect x="${x}" y="52" width="${width}" height="30" rx="3" class="${kind}" />`;
  const turns = [[86, 20], [109, 14], [126, 30], [159, 12], [174, 22]] as const;
  const later = [[290, 26], [319, 16], [338, 20], [361, 14]] as const;
  save(
    "slice",
    "One slice of the loop holds several turns; then timers and I/O come; a long function keeps them waiting",
    262,
    [
      text(14, 26, "With Millrace", "", "start"),
      box(44, 67, 60, "I/O", "good"),
      ...turns.map(([x, width]) => turn(x, width)),
      ...turns.slice(1).map(([x]) => `<circle cx="${x - 1.5}" cy="91" r="2.5" class="bad" />`),
      frame(80, 44, 122, 56),
      text(141, 38, "one slice, 5 ms", "small"),
      box(243, 67, 76, "timers, I/O", "good"),
      ...later.map(([x, width]) => turn(x, width)),
      frame(284, 44, 97, 56),
      text(332, 38, "the next slice", "small"),
      text(14, 120, "Each box is a turn: a part of one task. Between two turns (dots)", "small", "start"),
      text(14, 136, "all promise callbacks run. After a slice, timers and I/O come.", "small", "start"),
      text(14, 172, "One function that computes for 200 ms", "", "start"),
      box(44, 199, 60, "I/O", "good"),
      `<rect x="82" y="185" width="236" height="28" rx="3" class="bad" />`,
      text(200, 203, "nothing else can run"),
      box(354, 199, 60, "I/O", "good"),
      text(14, 240, "Every timer, request and answer waits until it has returned.", "small", "start"),
    ],
  );
}

function searchOfASchedule(): void {
  save(
    "search",
    "A tree of choices: which event comes next; one path fails, and is reported as the one thing it takes",
    316,
    [
      text(14, 24, "Two events may come next. Every path is one schedule.", "small", "start"),
      box(200, 54, 170, "both were asked for", "faint"),
      arrow([[160, 68], [104, 102]]),
      arrow([[240, 68], [296, 102]], "bad"),
      text(110, 88, "in order", "small", "end"),
      text(290, 88, "the other one", "small", "start"),
      box(104, 118, 150, "the answer comes"),
      box(296, 118, 150, "a second page comes"),
      arrow([[104, 132], [104, 162]]),
      arrow([[296, 132], [296, 162]], "bad"),
      box(104, 178, 150, "a second page comes"),
      box(296, 178, 150, "the answer comes"),
      arrow([[104, 192], [104, 222]]),
      arrow([[296, 192], [296, 222]], "bad"),
      box(104, 238, 150, "✓ asked once", "good"),
      box(296, 238, 150, "✗ asked twice", "bad"),
      text(14, 284, "Reported: “answer” is held back until “second page” has come.", "small", "start"),
      text(14, 302, "A token runs this schedule again, on any runtime.", "small", "start"),
    ],
  );
}

mkdirSync("docs/thinking", { recursive: true });
lifeOfATask();
cancellationInTheTree();
sliceOfTheLoop();
searchOfASchedule();
