/**
 * The report of a soak as a page: one file without a program in it, which needs no network. What is wrong stands first.
 *
 * @module
 */

import { show } from "../../../../runtime/basics/check.ts";
import { count, counted, duration } from "../format.ts";
import type { FoundFailure, SoakFigures } from "../report_figures.ts";
import { chanceOf, fewestForChance, hex } from "../report_text.ts";
import { type Excerpt, textOf, Timeline, type TimelineEntry, timeOf } from "../timeline.ts";
import { type Bar, bars, growth, lanes } from "./charts.ts";
import { escaped, escapedLines } from "./markup.ts";
import { style } from "./style.ts";

/** How many entries of a run are shown. */
const mostEntries = 40;

/** Nothing is loaded from anywhere, and nothing runs. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The page. */
export function pageOf(report: SoakFigures): string {
  const title = `Soak of ${escaped(report.name)}`;
  const parts = [marks(report), faults(report), sizes(report), progress(report), slowest(report)];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<header><h1>${title}</h1>${verdict(report)}
<p>${about(report)}</p></header>
${tiles(report)}
${report.failures.map(failure).join("\n")}
<div class="cards">
${parts.filter((part) => part !== "").join("\n")}
</div>
</main>
</body>
</html>
`;
}

function about({ profile, threads, hash, failing, seeds }: SoakFigures): string {
  const parts = [`Rules of ${escaped(profile)}`, counted(threads, "thread"), `hash <code>${hex(hash)}</code>`];
  if (failing === 0 && seeds >= fewestForChance) parts.push(chanceOf(seeds));
  return parts.join(", ");
}

function verdict({ failing, seeds, isComplete }: SoakFigures): string {
  if (failing > 0) {
    return `<span class="pill bad">✗ ${counted(failing, "seed")} of ${count(seeds)} ${
      failing === 1 ? "fails" : "fail"
    }</span>`;
  }
  const passed = `✓ ${counted(seeds, "seed")} ${seeds === 1 ? "passes" : "pass"}`;
  return `<span class="pill good">${passed}</span>${
    isComplete ? "" : `<span class="pill odd">not all were run</span>`
  }`;
}

function tiles(report: SoakFigures): string {
  const figures = [
    [count(report.seeds), "seeds"],
    [count(report.seedsPerSecond), "seeds a second"],
    [count(report.events), "events"],
    [count(report.eventsPerSecond), "events a second"],
    [duration(report.virtual), "of virtual time"],
    [duration(report.elapsed), "of real time"],
    [count(report.checked), "seeds run twice"],
  ] as const;
  return `<dl class="tiles">${
    figures.map(([value, name]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")
  }</dl>`;
}

function failure(found: FoundFailure, index: number): string {
  const { seed, token, schedule, cause, run } = found;
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : show(cause);
  const [head = "", ...more] = message.split("\n");
  const excerpt = new Timeline(run).excerpt(mostEntries);
  return `<section class="failure">
<h2>${escaped(head)}</h2>
${more.length > 0 ? `<pre>${escapedLines(more.join("\n"))}</pre>` : ""}
<h3>It fails with seed ${seed} when</h3>
<ol class="faults">${schedule.map((line) => `<li>${escaped(line)}</li>`).join("")}</ol>
<h3>It alone runs again with</h3>
<code class="token">MILLRACE_REPLAY=${escaped(token)}</code>
<h3>${excerpt.length < run.length ? `The run: its faults and its end` : "The run"}</h3>
${lanes(excerpt.map(({ entry }) => entry))}
<details${index === 0 ? " open" : ""}><summary>As a table</summary>
<div class="scroll" tabindex="0" role="region" aria-label="The run with seed ${seed}">${table(excerpt)}</div>
</details>
</section>`;
}

function table(excerpt: readonly Excerpt[]): string {
  const { lanes } = new Timeline(excerpt.map(({ entry }) => entry));
  const rows = excerpt.map(({ entry, gap }) => {
    const { lane, kind } = entry;
    const cells = lanes.map((name) => `<td>${name === lane ? (signs[kind] ?? "") + escaped(textOf(entry)) : ""}</td>`);
    const row = `<tr class="${kind}"><td class="time">${timeOf(entry)}</td>${cells.join("")}</tr>`;
    return gap === 0
      ? row
      : `<tr class="gap"><td></td><td colspan="${lanes.length}">${count(gap)} more</td></tr>\n${row}`;
  });
  const heads = lanes.map((lane) => `<th scope="col">${escaped(lane)}</th>`);
  return `<table class="run"><thead><tr><th scope="col" class="number">time</th>${heads.join("")}</tr></thead>` +
    `<tbody>${rows.join("\n")}</tbody></table>`;
}

const signs: Partial<Record<TimelineEntry["kind"], string>> = { fault: "✗ ", mark: "✓ ", end: "■ " };

function marks({ marks, neverReached, seeds }: SoakFigures): string {
  if (marks.length === 0) return "";
  const rows = marks.map(({ label, seeds: reached }): Bar => ({
    name: label,
    value: reached === 0 ? "never reached" : `${counted(reached, "seed")}, ${share(reached, seeds)}`,
    all: reached / seeds,
    part: reached / seeds,
    state: reached === 0 ? "bad" : "plain",
  }));
  const note = neverReached.length === 0
    ? "All were reached."
    : `${neverReached.length} of ${marks.length} never reached.`;
  return card("Marks", `${note} In how many seeds each mark of <code>sometimes</code> was reached.`, bars(rows));
}

function faults({ faults, withoutEffect }: SoakFigures): string {
  if (faults.length === 0) {
    return card("Faults", "None came: the body asks for none, or no seed had any.", "");
  }
  const most = Math.max(1, ...faults.map(({ injected }) => injected));
  const rows = faults.map(({ kind, injected, effective, seeds }): Bar => ({
    name: kind,
    value: injected === 0
      ? "never came"
      : effective === 0
      ? `${count(injected)}, without any effect`
      : `${count(injected)} in ${counted(seeds, "seed")}, ${count(effective)} with an effect`,
    all: injected / most,
    part: effective / most,
    state: effective === 0 ? "odd" : "plain",
  }));
  const note = withoutEffect.length === 0
    ? ""
    : `${withoutEffect.length} of ${faults.length} kinds never had an effect. `;
  return card("Faults", `${note}How often each kind came; the solid part had an effect.`, bars(rows));
}

function sizes({ sizes, seeds }: SoakFigures): string {
  const first = sizes.findIndex((number) => number > 0);
  if (first < 0) return "";
  const most = Math.max(...sizes);
  const rows = sizes.slice(first).map((number, index): Bar => ({
    name: range(first + index),
    value: number === 0 ? "none" : `${counted(number, "seed")}, ${share(number, seeds)}`,
    all: number / most,
    part: number / most,
    state: "plain",
  }));
  return card("Events of a seed", "How many seeds had so many events.", bars(rows));
}

/** What a number of seeds by powers of two stands for. */
function range(power: number): string {
  if (power < 2) return counted(power, "event");
  const from = 2 ** (power - 1);
  return `${count(from)} to ${count(2 * from - 1)} events`;
}

function progress({ progress, elapsed, seeds }: SoakFigures): string {
  if (progress.length < 2) return "";
  return card("Seeds over time", "", growth(progress, elapsed, seeds));
}

function slowest({ slowest }: SoakFigures): string {
  if (slowest.length === 0) return "";
  const rows = slowest.map(({ seed, time, events }) =>
    `<tr><td>${seed}</td><td class="number">${duration(time)}</td><td class="number">${count(events)}</td></tr>`
  );
  const head =
    `<tr><th scope="col">seed</th><th scope="col" class="number">real time</th><th scope="col" class="number">events</th></tr>`;
  return card("Slowest seeds", "", `<table><thead>${head}</thead><tbody>${rows.join("")}</tbody></table>`);
}

function card(title: string, note: string, content: string): string {
  return `<section><h2>${title}</h2>${note === "" ? "" : `<p class="note">${note}</p>`}${content}</section>`;
}

function share(part: number, all: number): string {
  const percent = 100 * part / all;
  return `${percent > 0 && percent < 0.1 ? "<0.1" : Math.round(percent * 10) / 10} %`;
}
