/** What results say of the claims. */

import type { By, Measured } from "./harness.ts";
import type { Result } from "./results.ts";

/** One thing that was promised of a case, and what came of it. */
export interface Verdict {
  readonly name: string;
  /** What it was compared with. */
  readonly kind: "floor" | "peer" | "figure" | "above floor";
  readonly figure: number;
  readonly limit: number;
  readonly isMet: boolean;
  /** The figure with its unit. */
  readonly shown: string;
  /** As people say it. */
  readonly text: string;
}

/** The figure that counts. */
export function central(measured: Measured, by: By): number {
  return by === "cpu" ? measured.cpu ?? NaN : measured.median;
}

/** Everything that was promised of a result. */
export function verdictsOf(
  result: Pick<Result, "by" | "unit" | "measured" | "target" | "most" | "more" | "notAbove">,
): Verdict[] {
  const { by, unit, measured } = result;
  const floor = measured.find(({ kind }) => kind === "floor");
  return measured.filter(({ kind }) => kind === "ours").flatMap((ours) => {
    const { target, most, more, notAbove } = ours.limits ?? result;
    const peer = measured.find(({ name }) => name === notAbove);
    const own = central(ours, by);
    const { name } = ours;
    const all: (Verdict | undefined)[] = [
      target === undefined || ours.ratio === undefined
        ? undefined
        : verdict(name, "floor", ours.ratio, target, "x", "of the floor"),
      most === undefined ? undefined : verdict(name, "figure", own, most, unit, "at most"),
      more === undefined || floor === undefined
        ? undefined
        : verdict(name, "above floor", own - central(floor, by), more, unit, "above the floor"),
      peer === undefined ? undefined : verdict(name, "peer", own / central(peer, by), 1, "x", `of ${peer.name}`),
    ];
    return all.filter((each) => each !== undefined);
  });
}

function verdict(
  name: string,
  kind: Verdict["kind"],
  figure: number,
  limit: number,
  unit: string,
  than: string,
): Verdict {
  const isMet = figure <= limit;
  // What is missed by a little would else look as if it were met.
  const isNear = !isMet && Number(short(figure)) <= limit;
  const shown = `${isNear ? figure.toPrecision(4) : short(figure)} ${unit}`;
  return { name, kind, figure, limit, isMet, shown, text: `${shown} ${than}, target ${limit}` };
}

/** A number as people read it: three digits that count, or two behind the point. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 4);
}
