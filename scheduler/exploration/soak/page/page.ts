/** @module */
import type { SoakFigures } from "../report_figures.ts";
export function pageOf(report: SoakFigures): string {
  return String(report.seeds);
}
