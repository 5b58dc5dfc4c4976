/**
 * A chart of the last minutes, drawn by uPlot.
 *
 * @module
 */

import uPlot from "uplot";
import { longestPast, type Points } from "./points.ts";

/** The shortest span that a chart shows, in seconds. */
const shortestSpan = 60;

/** A line of a chart; colours are properties of the style sheet, so that they follow the theme. */
export interface PlotSeries {
  readonly stroke: string;
  /** The colour of the area under it. */
  readonly fill?: string;
}

/** How a chart looks. */
export interface PlotOptions {
  readonly series: readonly PlotSeries[];
  /** How far up the axis goes at least. */
  readonly least: number;
  /** How far up it goes at most. */
  readonly most?: number;
  /** A value of the axis in words. */
  readonly inWords: (value: number) => string;
  /** Is told of which point the pointer asks; `undefined` for none. */
  readonly onPoint: (index: number | undefined) => void;
}

/** A chart in its place, as wide as that is. */
export class Plot {
  readonly #chart: uPlot;
  readonly #place: HTMLElement;
  readonly #columns: number;

  constructor(place: HTMLElement, options: PlotOptions) {
    this.#place = place;
    this.#columns = options.series.length + 1;
    const empty = Array.from({ length: this.#columns }, () => []) as unknown as uPlot.AlignedData;
    this.#chart = new uPlot(settings(place, options), empty, place);
    new ResizeObserver(() => this.#chart.setSize(sizeOf(place))).observe(place);
  }

  show(points: Points): void {
    if (this.#place.clientWidth === 0) return;
    this.#chart.setData(points.columns.slice(0, this.#columns) as unknown as uPlot.AlignedData);
  }

  /** Draws it again, in the colours of now. */
  redraw(): void {
    colours.clear();
    this.#chart.redraw();
  }
}

function sizeOf(place: HTMLElement): { width: number; height: number } {
  return { width: Math.max(60, Math.floor(place.clientWidth)), height: Math.max(40, Math.floor(place.clientHeight)) };
}

function settings(
  place: HTMLElement,
  { series, least, most = Infinity, inWords, onPoint }: PlotOptions,
): uPlot.Options {
  const font = "10px system-ui, sans-serif";
  const axis = { stroke: () => colour("--dim"), font, ticks: { show: false } };
  const grid = { stroke: () => colour("--grid"), width: 1 };
  return {
    ...sizeOf(place),
    padding: [6, 14, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { show: false } },
    scales: {
      x: { time: false, range: (_chart, min, max) => spanOf(min, max) },
      y: { range: (_chart, _min, max) => [0, Math.min(most, Math.max(least, (max ?? 0) * 1.1))] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 18,
        gap: 2,
        splits: (_chart, _index, min, max) => splitsOf(min, max),
        values: (_chart, splits) => splits.map((at) => agoInWords(splits.at(-1)! - at)),
      },
      { ...axis, grid, size: 46, gap: 4, space: 22, values: (_chart, splits) => splits.map(inWords) },
    ],
    series: [
      {},
      ...series.map(({ stroke, fill }) => ({
        stroke: () => colour(stroke),
        ...fill !== undefined && { fill: () => colour(fill) },
        width: 1.25,
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [({ cursor }) => onPoint((cursor.left ?? -1) < 0 ? undefined : cursor.idx ?? undefined)],
    },
  };
}

/** From when to when a chart goes, in seconds. */
function spanOf(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, shortestSpan];
  return [max - Math.min(longestPast, Math.max(shortestSpan, max - min)), max];
}

/** Where the axis of time has its words: now, and at round times before. */
function splitsOf(min: number, max: number): number[] {
  const span = max - min;
  const step = span <= 90 ? 20 : 60;
  const splits: number[] = [];
  // At the very beginning there is the other axis.
  for (let at = max; at > min + span * 0.04; at -= step) splits.unshift(at);
  return splits;
}

function agoInWords(seconds: number): string {
  const rounded = Math.round(seconds);
  if (rounded === 0) return "now";
  return rounded % 60 === 0 ? `−${rounded / 60} min` : `−${rounded} s`;
}

/** Colours that were looked up: each look makes the browser work out all styles. */
const colours = new Map<string, string>();

/** The value of a property of the style sheet. */
function colour(property: string): string {
  let value = colours.get(property);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(property).trim();
    colours.set(property, value);
  }
  return value;
}
