/**
 * What the loop does: how late it is, who has it for how long, how busy it is; and who had it for too long.
 *
 * @module
 */

import type { LongTurnRow, State } from "../protocol.ts";
import { cell, element, put, say, show, table, tableRow } from "./dom.ts";
import { count, duration, percent, perSecond } from "./format.ts";
import { byIndex, KeyedList, type Line } from "./keyed_list.ts";
import { Plot, type PlotOptions } from "./plot.ts";
import { Points } from "./points.ts";

/** A figure beside a chart: a word for it, its colour where it has a line, and its value at a point. */
interface Figure {
  readonly label: string;
  readonly colour?: string;
  readonly inWords: (columns: readonly (readonly (number | null)[])[], index: number) => string;
}

/** A chart with its title, and with its latest values in words; with those under the pointer while there is one. */
class Chart {
  readonly points: Points;
  readonly #plot: Plot;
  readonly #figures: readonly Figure[];
  readonly #texts: readonly Text[];
  readonly #title: string;
  readonly #when: Text;
  #pointed: number | undefined;

  constructor(
    parent: HTMLElement,
    title: string,
    columns: number,
    figures: readonly Figure[],
    options: Omit<PlotOptions, "onPoint">,
  ) {
    this.points = new Points(columns);
    this.#figures = figures;
    this.#title = title;
    this.#when = new Text(title);
    this.#texts = figures.map(() => new Text("—"));
    const list = element("dl", "figures");
    for (const [index, { label, colour }] of figures.entries()) {
      const name = element("dt", "", label);
      if (colour !== undefined) {
        const swatch = element("i", "swatch");
        swatch.style.background = `var(${colour})`;
        name.prepend(swatch);
      }
      list.append(element("div", "", name, element("dd", "", this.#texts[index]!)));
    }
    const place = element("div", "plot");
    place.setAttribute("aria-hidden", "true");
    parent.append(element("figure", "chart", element("figcaption", "", element("h3", "", this.#when), list), place));
    const onPoint = (index: number | undefined): void => {
      this.#pointed = index;
      this.#showFigures();
    };
    this.#plot = new Plot(place, { ...options, onPoint });
  }

  show(): void {
    this.#plot.show(this.points);
    this.#showFigures();
  }

  redraw(): void {
    this.#plot.redraw();
  }

  #showFigures(): void {
    const { columns, length } = this.points;
    if (length === 0) return;
    const index = Math.min(this.#pointed ?? length - 1, length - 1);
    const ago = columns[0]![length - 1]! - columns[0]![index]!;
    say(this.#when, this.#pointed === undefined ? this.#title : `${this.#title}, ${duration(ago * 1000)} ago`);
    for (const [number, { inWords }] of this.#figures.entries()) say(this.#texts[number]!, inWords(columns, index));
  }
}

/** The value of a column in words. */
function of(column: number, inWords: (value: number) => string): Figure["inWords"] {
  return (columns, index) => {
    const value = columns[column]![index];
    return value === null || value === undefined ? "—" : inWords(value);
  };
}

/** The part of a stack that is a column's own: its value without that of the column above which it stands. */
function part(column: number, below: number | undefined): Figure["inWords"] {
  return (columns, index) => {
    const top = columns[column]![index];
    const bottom = below === undefined ? 0 : columns[below]![index];
    return typeof top === "number" && typeof bottom === "number" ? count(Math.round(top - bottom)) : "—";
  };
}

const rate = (value: number): string => `${count(Math.round(value))}/s`;

/** The charts in their place. */
export class LoopCharts {
  readonly #delay: Chart;
  readonly #busy: Chart;
  readonly #use: Chart;

  constructor(parent: HTMLElement) {
    this.#delay = new Chart(parent, "Loop delay", 3, [
      { label: "p50", colour: "--chart-p50", inWords: of(3, duration) },
      { label: "p99", colour: "--chart-p99", inWords: of(2, duration) },
      { label: "max", colour: "--chart-max", inWords: of(1, duration) },
    ], {
      series: [
        { stroke: "--chart-max", fill: "--chart-max-area" },
        { stroke: "--chart-p99" },
        { stroke: "--chart-p50" },
      ],
      least: 10,
      inWords: (value) => `${count(value)} ms`,
    });
    // A stack: each column has those below it in it, and the highest is drawn first.
    this.#busy = new Chart(parent, "Time in turns, ms/s", 3, [
      { label: "blocking", colour: "--blocking", inWords: part(3, undefined) },
      { label: "visible", colour: "--visible", inWords: part(2, 3) },
      { label: "background", colour: "--background", inWords: part(1, 2) },
    ], {
      series: [
        { stroke: "--background", fill: "--background" },
        { stroke: "--visible", fill: "--visible" },
        { stroke: "--blocking", fill: "--blocking" },
      ],
      least: 100,
      inWords: count,
    });
    this.#use = new Chart(parent, "Loop use", 3, [
      { label: "busy", colour: "--chart-use", inWords: of(1, percent) },
      { label: "turns", inWords: of(2, rate) },
      { label: "slices", inWords: of(3, rate) },
    ], {
      series: [{ stroke: "--chart-use", fill: "--chart-use-area" }],
      least: 1,
      most: 1,
      inWords: percent,
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener(
      "change",
      () => this.#all().forEach((chart) => chart.redraw()),
    );
  }

  /** Keeps the figures of a state, to be shown when there is time. */
  push({ at, loop }: State): void {
    const { delay, busy, elapsed } = loop;
    const second = at / 1000;
    const blocking = perSecond(busy["user-blocking"], elapsed);
    const visible = perSecond(busy["user-visible"], elapsed);
    const background = perSecond(busy["background"], elapsed);
    this.#delay.points.push(second, [delay.max, delay.p99, delay.p50]);
    this.#busy.points.push(second, [blocking + visible + background, blocking + visible, blocking]);
    this.#use.points.push(second, [loop.utilization, perSecond(loop.turns, elapsed), perSecond(loop.slices, elapsed)]);
  }

  show(): void {
    for (const chart of this.#all()) chart.show();
  }

  #all(): readonly Chart[] {
    return [this.#delay, this.#busy, this.#use];
  }
}

/** The turns that took too long. */
export class LongTurns {
  readonly #list: KeyedList<number, LongTurnRow>;
  readonly #table: HTMLElement;
  readonly #empty: HTMLElement;

  constructor(parent: HTMLElement) {
    const made = table("plain", "Long turns, newest first", ["Who", "Took", "Ago"], 2);
    this.#table = made.table;
    this.#empty = element("p", "empty", "None since somebody looks.");
    parent.append(this.#table, this.#empty);
    this.#list = new KeyedList(made.body, () => new LongTurnLine());
  }

  show(turns: readonly LongTurnRow[]): void {
    this.#list.show(turns, byIndex);
    show(this.#table, turns.length > 0);
    show(this.#empty, turns.length === 0);
  }
}

class LongTurnLine implements Line<LongTurnRow> {
  readonly #who = new Text();
  readonly #took = new Text();
  readonly #ago = new Text();
  readonly #name = cell("name", this.#who);
  readonly node: HTMLElement = tableRow("", this.#name, cell("figure warm", this.#took), cell("figure", this.#ago));

  show({ who, duration: took, ago }: LongTurnRow): void {
    say(this.#who, who);
    put(this.#name, "title", who);
    say(this.#took, duration(took));
    say(this.#ago, duration(ago));
  }
}
