/**
 * A history as a picture.
 *
 * @module
 */

import { checkCount, checkName, checkOptions } from "../../../runtime/basics/check.ts";
import { type Bar, type Drawable, type Lanes, lanesOf } from "./lanes.ts";

/** What of a history is drawn. */
export interface DrawOptions {
  /** What stands above it. Default: what a verdict says. */
  title?: string | undefined;
  /** So many operations are shown at most, the first ones. Default: 200. */
  limit?: number | undefined;
}

const rowHeight = 46;
const barHeight = 24;
const barTop = 6;
const margin = 16;
const lineHeight = 20;
/** The width of a character of the labels, whose font has one width for all. */
const charWidth = 7.3;

const leastWidth = 360;
/** So wide a picture is for the sake of its title. */
const mostForTitle = 640;
/** What the time of the last return takes, and the end of what does not return. */
const roomAtEnd = 80;

/** Colours by what they mean; both schemes are for a page of that kind. */
const style =
  `.mh{--paper:#fff;--ink:#1c2430;--faint:#5c6675;--lane:#f3f5f8;--rule:#d5dae2;--done:#d6e6fb;--edge:#3b73b9;` +
  `--idle:#e8eaee;--idle-edge:#8b94a3;--bad:#fbd9d6;--bad-edge:#c5281c;--order:#1f5aa6}` +
  `@media(prefers-color-scheme:dark){.mh{--paper:#12161c;--ink:#e6eaf0;--faint:#9aa5b4;--lane:#1a2029;--rule:#303947;` +
  `--done:#1d3a5f;--edge:#6ea8ee;--idle:#2a313c;--idle-edge:#7d8896;--bad:#5a1d1a;--bad-edge:#ff7b6e;--order:#8fbdf5}}` +
  `.mh text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--ink)}` +
  `.mh .t{font-family:system-ui,sans-serif;font-size:14px}.mh .f{fill:var(--faint);font-size:11px}` +
  `.mh .n{fill:var(--order);font-size:11px;font-weight:700}.mh .x{fill:var(--bad-edge);font-size:11px;font-weight:700}` +
  `.mh .idle{fill:var(--idle);stroke:var(--idle-edge)}.mh .done{fill:var(--done);stroke:var(--edge)}` +
  `.mh .bad{fill:var(--bad);stroke:var(--bad-edge);stroke-width:1.6}.mh .fail{fill:none;stroke:var(--idle-edge);stroke-dasharray:3 3}` +
  `.mh .tick{stroke:var(--order);stroke-width:2}.mh .path{stroke:var(--order);fill:none;stroke-dasharray:2 4;opacity:.7}` +
  `.mh .rule{stroke:var(--rule)}`;

/**
 * Draws a history, or what a check has found in one, as an SVG image that needs nothing else: a lane for each client, and a bar for each
 * operation from its call to its return, open at its end where the outcome is unknown. The order that was found is numbered; what cannot
 * be placed in it is red. Time goes from left to right, but not at one speed: calls and returns stand as near as they can be read.
 *
 * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { checkLinearizable, drawHistory, history } from "@millrace/millrace/testing";
 *
 * const h = history();
 * h.call("c1", { name: "write", input: 1 }).ok();
 * h.call("c2", { name: "read" }).ok(0);
 * const svg = drawHistory(checkLinearizable(h, "register"));
 * ```
 */
export function drawHistory(history: Drawable, options: DrawOptions = {}): string {
  const { title, limit } = checkDrawOptions(options, "drawHistory");
  const lanes = lanesOf(history, limit, { gap: 20, place: 14, label: (text) => lengthOf(text) * charWidth + 20 });
  return new Drawing(lanes, title ?? lanes.message).svg();
}

/** Refuses wrong options of a picture, in either form. */
export function checkDrawOptions(options: DrawOptions, what: string): { title: string | undefined; limit: number } {
  checkOptions(options, what, ["title", "limit"]);
  const { title, limit = 200 } = options;
  checkName(title);
  checkCount(limit, "limit", 1);
  return { title, limit };
}

/** One picture. */
class Drawing {
  readonly #lanes: Lanes;
  readonly #title: string | undefined;
  readonly #left: number;
  readonly #width: number;
  readonly #lines: readonly string[];
  readonly #tops: readonly number[];
  readonly #bottom: number;

  constructor(lanes: Lanes, title: string | undefined) {
    this.#lanes = lanes;
    this.#title = title;
    const longest = Math.max(0, ...lanes.lanes.map(({ client }) => lengthOf(client)));
    this.#left = margin + longest * charWidth + 16;
    const ofTitle = Math.min(mostForTitle, lengthOf(title ?? "") * charWidth + 2 * margin);
    this.#width = Math.ceil(Math.max(ofTitle, leastWidth, this.#left + lanes.width + roomAtEnd));
    this.#lines = title === undefined ? [] : wrapped(title, Math.floor((this.#width - 2 * margin) / charWidth));
    let top = margin + this.#lines.length * lineHeight;
    this.#tops = lanes.lanes.map(({ rows }) => {
      const own = top;
      top += rows * rowHeight + 4;
      return own;
    });
    this.#bottom = top;
  }

  svg(): string {
    const { lanes, hidden } = this.#lanes;
    const times = this.#times();
    let height = this.#bottom + (times.length > 0 ? lineHeight : 0);
    const notes: string[] = [];
    if (hidden > 0 || lanes.length === 0) {
      const note = lanes.length === 0 ? "No operations" : `and ${hidden} more operation${hidden === 1 ? "" : "s"}`;
      height += lineHeight;
      notes.push(text(margin, height - 6, note, "f"));
    }
    const title = this.#title ?? "A history of operations";
    const width = this.#width;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" class="mh" width="${width}" height="${height + 8}" ` +
      `viewBox="0 0 ${width} ${height + 8}" role="img">`,
      `<title>${escaped(title)}</title>`,
      `<style>${style}</style>`,
      `<rect width="100%" height="100%" fill="var(--paper)"/>`,
      ...this.#lines.map((line, index) => text(margin, margin + 8 + index * lineHeight, line, "t")),
      ...lanes.flatMap(({ client, rows }, index) => this.#lane(client, rows, this.#tops[index]!)),
      ...times,
      this.#path(),
      ...lanes.flatMap(({ bars }, index) => bars.map((bar) => this.#bar(bar, this.#tops[index]!))),
      ...lanes.flatMap(({ bars }, index) => bars.map((bar) => this.#mark(bar, this.#tops[index]!))),
      ...notes,
      "</svg>",
    ].filter((part) => part !== "").join("\n");
  }

  #lane(client: string, rows: number, top: number): string[] {
    const height = rows * rowHeight;
    return [
      `<rect x="${margin / 2}" y="${top}" width="${
        this.#width - margin
      }" height="${height}" rx="4" fill="var(--lane)"/>`,
      text(margin, top + barTop + 16, client),
    ];
  }

  #bar(bar: Bar, top: number): string {
    const { operation, from, to, isOpen, isStuck } = bar;
    const x = this.#left + from;
    const y = top + bar.row * rowHeight + barTop;
    const end = this.#left + to;
    const kind = isStuck ? "bad" : operation.outcome === "failed" ? "fail" : bar.place === undefined ? "idle" : "done";
    const bottom = y + barHeight;
    // What has not returned has no end.
    const shape = isOpen
      ? `<path class="${kind}" d="M${round(end)} ${y}H${round(x + 4)}q-4 0 -4 4V${bottom - 4}q0 4 4 4H${
        round(end)
      }l6 -6 -6 -6 6 -6z"/>`
      : `<rect class="${kind}" x="${round(x)}" y="${y}" width="${round(end - x)}" height="${barHeight}" rx="4"/>`;
    return `<g><title>${escaped(titleOf(bar))}</title>${shape}${text(x + 9, y + 16, bar.label)}</g>`;
  }

  /** A line through the moments at which operations took effect. */
  #path(): string {
    const points = this.#lanes.lanes.flatMap(({ bars }, index) =>
      bars.flatMap(({ place, row }) => {
        if (place === undefined) return [];
        return [{
          number: place.number,
          x: this.#left + place.at,
          y: this.#tops[index]! + row * rowHeight + barTop + barHeight,
        }];
      })
    ).sort((a, b) => a.number - b.number);
    if (points.length < 2) return "";
    return `<polyline class="path" points="${points.map(({ x, y }) => `${round(x)},${y + 3}`).join(" ")}"/>`;
  }

  #mark({ place, row, from, isStuck }: Bar, top: number): string {
    const y = top + row * rowHeight + barTop + barHeight;
    if (isStuck) return text(this.#left + from + 1, y + 12, "fits nowhere", "x");
    if (place === undefined) return "";
    const x = round(this.#left + place.at);
    return `<line class="tick" x1="${x}" x2="${x}" y1="${y - 4}" y2="${y + 4}"/>` +
      `<text class="n" x="${x}" y="${y + 14}" text-anchor="middle">${place.number}</text>`;
  }

  /** The times below, as many as there is room for. */
  #times(): string[] {
    const first = this.#lanes.moments[0]?.time ?? 0;
    let free = -Infinity;
    return this.#lanes.moments.flatMap(({ at, time }) => {
      const label = `${time === first ? "" : "+"}${milliseconds(time - first)} ms`;
      const x = this.#left + at;
      if (x < free) return [];
      free = x + lengthOf(label) * 6.8 + 8;
      const top = this.#tops[0]!;
      return [
        `<line class="rule" x1="${round(x)}" x2="${round(x)}" y1="${top}" y2="${this.#bottom}"/>`,
        text(x, this.#bottom + 12, label, "f"),
      ];
    });
  }
}

/** What is said about an operation where a pointer rests on it. */
function titleOf({ operation, label, place, isStuck }: Bar): string {
  const { client, key, start, end, outcome } = operation;
  const times = start === undefined
    ? ""
    : `, ${milliseconds(start)} ms to ${outcome === "unknown" || end === undefined ? "?" : `${milliseconds(end)} ms`}`;
  const at = key === undefined ? "" : ` at ${key}`;
  return `${client}: ${label}${at}${times}${place === undefined ? "" : `, number ${place.number}`}${
    isStuck ? ", fits nowhere" : ""
  }`;
}

function text(x: number, y: number, content: string, kind?: string): string {
  return `<text${kind === undefined ? "" : ` class="${kind}"`} x="${round(x)}" y="${y}">${escaped(content)}</text>`;
}

function milliseconds(time: number): string {
  return String(Math.round(time * 1000) / 1000);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** How many characters a text has. */
function lengthOf(content: string): number {
  return [...content].length;
}

/** Lines of words; a word that is longer than a line is cut. */
function wrapped(content: string, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of content.split(/\s+/).flatMap((each) => each.match(new RegExp(`.{1,${most}}`, "gsu")) ?? [])) {
    if (line !== "" && lengthOf(line) + 1 + lengthOf(word) > most) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** As XML has it: markup is text, and what no document may contain is a sign for that. */
function escaped(content: string): string {
  // deno-lint-ignore no-control-regex
  return content.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
