/** What waits cost, as a picture. */

import type { Cost } from "./multiplexing.ts";
import { curve, line, picture, text } from "./plot.ts";

const [width, height, left, right, top, bottom] = [720, 420, 70, 110, 40, 50];
const colours: Readonly<Record<string, string>> = {
  select: "#c1440e",
  poll: "#b8860b",
  epoll: "#0b6e4f",
  io_uring: "#6a4c93",
};

/** The picture, as the text of an SVG file: both scales are logarithmic. */
export function costPlot(costs: readonly Cost[], title: string): string {
  const sizes = [...new Set(costs.map(({ descriptors }) => descriptors))].sort((a, b) => a - b);
  const most = 10 ** Math.ceil(Math.log10(Math.max(...costs.map(({ cpu }) => cpu))));
  const share = (value: number, first: number, last: number) => Math.log(value / first) / Math.log(last / first);
  const x = (size: number) => left + share(size, sizes[0]!, sizes.at(-1)!) * (width - left - right);
  const y = (cpu: number) => height - bottom - Math.max(0, share(cpu, 1, most)) * (height - top - bottom);
  const parts = [
    text(width / 2, 20, `One wait: ${title}`, "middle", 14),
    text((left + width - right) / 2, height - 12, "descriptors watched", "middle"),
    text(left - 8, top - 10, "us of CPU", "end"),
  ];
  for (let cpu = 1; cpu <= most; cpu *= 10) {
    parts.push(line(left, y(cpu), width - right, y(cpu)), text(left - 8, y(cpu) + 4, cpu.toLocaleString("en"), "end"));
  }
  for (const size of sizes) {
    parts.push(line(x(size), y(1), x(size), y(most)), text(x(size), y(1) + 18, size.toLocaleString("en"), "middle"));
  }
  for (const [way, colour] of Object.entries(colours)) {
    const own = costs.filter((each) => each.way === way).sort((a, b) => a.descriptors - b.descriptors);
    if (own.length === 0) continue;
    const points = own.map(({ descriptors, cpu }) => `${x(descriptors).toFixed(1)},${y(cpu).toFixed(1)}`);
    parts.push(curve(points, colour));
    for (const point of points) {
      const [cx, cy] = point.split(",");
      parts.push(`<circle cx="${cx}" cy="${cy}" r="3.5" fill="${colour}"/>`);
    }
    const last = own.at(-1)!;
    const lift = way === "io_uring" ? -6 : way === "epoll" ? 12 : way === "select" ? -4 : 10;
    parts.push(text(x(last.descriptors) + 10, y(last.cpu) + lift, way, "start", 13, colour));
  }
  return picture(width, height, parts);
}
