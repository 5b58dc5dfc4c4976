/** The report as one page that needs nothing else: a plot for each claim, and the same figures as a table beside it. */

import type { Section } from "./all.ts";
import { quantile } from "./bugs_statistics.ts";
import type { Measured } from "./harness.ts";
import { plotOf } from "./page_plot.ts";
import { style } from "./page_style.ts";
import { escaped } from "./plot.ts";
import type { Result } from "./results.ts";
import { central, short, type Verdict, verdictsOf } from "./verdict.ts";

/** Makes the page; the results are in the order of the sections. */
export function page(sections: readonly Section[], results: readonly Result[]): string {
  const shown = sections.map(({ title, benches }) => ({
    title,
    claims: benches.map(({ name }) => results.filter(({ bench }) => bench === name)).filter(({ length }) => length > 0),
  })).filter(({ claims }) => claims.length > 0);
  const versions = [...new Map(results.map(({ host, version }) => [host, version]))];
  const parts = [
    head(results),
    overview(shown, versions),
    ...shown.flatMap(({ title, claims }) => [`<h2>${escaped(title)}</h2>`, ...claims.map(claimOf)]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Millrace: what it costs</title>
<style>${style}</style>
</head>
<body>
${parts.join("\n")}
</body>
</html>
`;
}

function head(results: readonly Result[]): string {
  const { machine } = results.reduce((last, each) => each.date > last.date ? each : last);
  const days = [...new Set(results.map(({ date }) => dayOf(date)))];
  const verdicts = results.flatMap(verdictsOf);
  const met = verdicts.filter(({ isMet }) => isMet).length;
  const facts = [
    ["Measured", days.length > 1 ? `${days[0]} to ${days.at(-1)}` : days[0]!],
    ["Machine", `${machine.cpu}, ${machine.cores} cores, ${machine.memory} GiB, ${machine.system}`],
    ["Hosts", [...new Set(results.map(({ version }) => version))].join(", ")],
    ["Load", loadOf(results)],
    ["Targets", `${met} of ${verdicts.length} met`],
  ];
  const sample = (colour: string) =>
    `<svg viewBox="0 0 16 8" aria-hidden="true"><rect width="16" height="8" fill="var(--${colour})"/></svg>`;
  const limit =
    `<svg viewBox="0 0 16 8" aria-hidden="true"><rect x="7" width="2.5" height="8" fill="var(--limit)"/></svg>`;
  return `<header>
<h1>Millrace: what it costs</h1>
<p>Every claim beside its floor, which is the least that the host asks for the same thing, and beside peers, which do
something near it. All cases of a claim ran in turn in one run. Where nothing else is said the ratio is one of CPU time, of
all threads of the process; where the claim is about time on the clock it is one of that.</p>
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value!)}</dd>`).join("")}</dl>
<ul class="legend">
<li>${sample("ours")}Millrace</li><li>${sample("floor")}floor</li><li>${sample("peer")}peer</li>
<li>${limit}the most that ours may be</li><li>line: from the tenth to the ninetieth percentile</li><li>»: goes on</li>
</ul>
</header>`;
}

/** Was the machine free for this? */
function loadOf(results: readonly Result[]): string {
  const load = quantile(results.map(({ load }) => load), 0.5);
  const { cores } = results[0]!.machine;
  const told = `${load} of ${cores} cores, median before each bench`;
  // The benches themselves are one or two.
  return load > cores + 1 ? `${told}: other programs ran too, so that times on the clock say little` : told;
}

/** All verdicts at a glance. */
function overview(
  shown: readonly { title: string; claims: readonly (readonly Result[])[] }[],
  versions: readonly (readonly [string, string])[],
): string {
  const groups = shown.map(({ title, claims }) => ({
    title,
    rows: claims.map((results) => {
      const { bench, claim } = results[0]!;
      const cells = versions.map(([host]) => {
        const result = results.find((each) => each.host === host);
        return `<td>${result === undefined ? "not measured" : briefly(result)}</td>`;
      });
      return `<tr><th scope="row"><a href="#${bench}">${bench}</a>: ${escaped(claim)}</th>${cells.join("")}</tr>`;
    }),
  }));
  return `<h2 id="all">All claims</h2>
${table("All claims", ["Claim", ...versions.map(([, version]) => version)], groups)}`;
}

/** The verdicts of a result, or what ours came to where nothing was promised. */
function briefly(result: Result): string {
  const verdicts = verdictsOf(result);
  if (verdicts.length > 0) {
    return verdicts.map((verdict) => `<span class="verdict">${escaped(verdict.shown)} ${badge(verdict)}</span>`).join(
      "",
    );
  }
  return result.measured.filter(({ kind }) => kind === "ours").map((measured) =>
    `<span class="verdict">${short(central(measured, result.by))} ${escaped(result.unit)}</span>`
  ).join("");
}

function badge({ isMet }: Verdict): string {
  return isMet ? `<span class="met">✓ met</span>` : `<span class="missed">✗ missed</span>`;
}

function claimOf(results: readonly Result[]): string {
  const { bench, claim, unit } = results[0]!;
  const hasCpu = results.some(({ measured }) => measured.some(({ cpu }) => cpu !== undefined));
  const columns = [
    ...hasCpu ? [`CPU, ${unit}`] : [],
    hasCpu ? `wall, ${unit}` : unit,
    "x floor",
    "target",
  ];
  const groups = results.map((result) => ({
    title: result.version,
    rows: result.measured.map((measured) => rowOf(measured, result, hasCpu)),
  }));
  return `<section aria-labelledby="${bench}">
<h3 id="${bench}">${bench}</h3>
<p>${escaped(sentence(claim))}</p>
<div class="claim">
<figure>${plotOf(results)}</figure>
${table(`Figures of ${bench}`, ["Case", ...columns], groups)}
</div>
</section>`;
}

function rowOf(measured: Measured, result: Result, hasCpu: boolean): string {
  const { name, kind, median, low, high, cpu, cpuLow, cpuHigh, ratio, ratioLow, ratioHigh } = measured;
  const verdicts = kind === "ours" ? verdictsOf(result).filter((verdict) => verdict.name === name) : [];
  const cells = [
    ...hasCpu ? [number(cpu, cpuLow, cpuHigh)] : [],
    number(median, low, high),
    kind === "floor" ? number(1) : number(ratio, ratioLow, ratioHigh),
    `<td class="target">${
      verdicts.map((verdict) => `<span class="verdict">${badge(verdict)} ${escaped(verdict.text)}</span>`).join("")
    }</td>`,
  ];
  const label = kind === "ours" ? name : `${name} (${kind})`;
  return `<tr class="${kind}"><th scope="row">${escaped(label)}</th>${cells.join("")}</tr>`;
}

function number(value: number | undefined, low?: number, high?: number): string {
  if (value === undefined) return `<td class="number">-</td>`;
  const spread = low === undefined || high === undefined
    ? ""
    : ` <span class="spread">[${short(low)} .. ${short(high)}]</span>`;
  return `<td class="number">${short(value)}${spread}</td>`;
}

/** A table whose rows come in groups. What is too wide for a phone scrolls by itself, with the keyboard too. */
function table(
  label: string,
  columns: readonly string[],
  groups: readonly { readonly title: string; readonly rows: readonly string[] }[],
): string {
  const headings = columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join("");
  const bodies = groups.map(({ title, rows }) =>
    `<tbody>
<tr class="host"><th scope="rowgroup" colspan="${columns.length}">${escaped(title)}</th></tr>
${rows.join("\n")}
</tbody>`
  );
  return `<div class="scroll" role="region" aria-label="${escaped(label)}" tabindex="0"><table>
<thead><tr>${headings}</tr></thead>
${bodies.join("\n")}
</table></div>`;
}

function sentence(claim: string): string {
  return `${claim[0]!.toUpperCase()}${claim.slice(1)}.`;
}

function dayOf(date: string): string {
  return new Date(date).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
}
