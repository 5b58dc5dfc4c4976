/** The chart of the loop's delay in the last minute. */

import { milliseconds } from "./text.js";

/** How much time is shown, in ms. */
const span = 60_000;
/** The time one slice of the loop has, in ms: a dashed line. */
const slice = 5;

export class Chart {
  #canvas;
  #values = [];

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** The longest delay that is shown. */
  get longest() {
    return Math.max(0, ...this.#values.map(({ delay }) => delay));
  }

  /** Adds the value of the time since the one before; `blocked` shades it. */
  add(delay, blocked) {
    const now = performance.now();
    this.#values.push({ at: now, delay, blocked });
    this.#values = this.#values.filter(({ at }) => at >= now - span);
    this.#canvas.setAttribute("aria-label", `Loop delay in the last minute, at most ${milliseconds(this.longest)}`);
    this.#draw();
  }

  #draw() {
    const canvas = this.#canvas, values = this.#values, context = canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name);
    const scale = devicePixelRatio;
    const width = canvas.width = Math.round(canvas.clientWidth * scale);
    const height = canvas.height = Math.round(canvas.clientHeight * scale);
    const most = Math.max(10, this.longest);
    const y = (delay) => height - 2 * scale - delay / most * (height - 4 * scale);
    const end = values.at(-1)?.at ?? 0;
    const x = (at) => width * (1 - (end - at) / span);

    context.globalAlpha = 0.18;
    context.fillStyle = colour("--stall");
    values.forEach(({ at, blocked }, index) => {
      const from = values[index - 1]?.at ?? at;
      if (blocked) context.fillRect(x(from), 0, x(at) - x(from), height);
    });
    context.globalAlpha = 1;

    context.strokeStyle = colour("--edge");
    context.lineWidth = scale;
    context.setLineDash([4 * scale, 4 * scale]);
    context.beginPath();
    context.moveTo(0, y(slice));
    context.lineTo(width, y(slice));
    context.stroke();
    context.setLineDash([]);

    context.strokeStyle = colour("--accent");
    context.lineWidth = 1.5 * scale;
    context.lineJoin = "round";
    context.beginPath();
    values.forEach(({ at, delay }) => context.lineTo(x(at), y(delay)));
    context.stroke();

    context.fillStyle = colour("--dim");
    context.font = `${11 * scale}px system-ui, sans-serif`;
    context.fillText(milliseconds(most), 2 * scale, 12 * scale);
  }
}
