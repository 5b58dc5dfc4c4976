/** Results as text. */

import { central, short, verdictsOf } from "./verdict.ts";
import type { Result } from "./results.ts";

/** The lines of a result. */
export function textOf(result: Result): string {
  const { bench, host, claim, unit, by, measured } = result;
  const verdicts = verdictsOf(result);
  const lines = measured.map((each) => {
    const { name, kind, median, low, high, cpu, ratio } = each;
    const wall = `${figure(median)} ${unit}  [${figure(low)} .. ${figure(high)}]`;
    const cpuTime = cpu === undefined ? "" : `  CPU ${figure(cpu)}`;
    const times = ratio === undefined
      ? ""
      : `  ${ratio.toFixed(2)} x${kind === "floor" && by !== "figure" ? ` (by ${by})` : ""}`;
    const told = verdicts.filter((verdict) => verdict.name === name && kind === "ours").map(({ text, isMet }) =>
      `  (${text}: ${isMet ? "met" : "MISSED"})`
    );
    return `  ${name.padEnd(52)} ${wall}${cpuTime}${times}${told.join("")}`;
  });
  return [`\n${bench} on ${host}: ${claim}`, ...lines].join("\n");
}

/** One line for whoever watches. */
export function briefOf(result: Result): string {
  const verdicts = verdictsOf(result);
  const missed = verdicts.filter(({ isMet }) => !isMet);
  if (verdicts.length > 0) return missed.length === 0 ? "met" : `MISSED: ${missed.map(({ text }) => text).join("; ")}`;
  return result.measured.filter(({ kind }) => kind === "ours")
    .map((each) => `${short(central(each, result.by))} ${result.unit}`).join(", ");
}

function figure(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 1 ? 2 : 4).padStart(9);
}
