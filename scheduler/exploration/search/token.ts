/**
 * Schedules as short texts that can be kept and run again, on any runtime.
 *
 * @module
 */

import { hashText } from "../../../runtime/basics/hash.ts";
import { show } from "../../../runtime/basics/check.ts";
import { type ProfileName, profileOf } from "../../../runtime/simulation/model/profile.ts";

/** A schedule that can be run again. */
export interface RecordedSchedule {
  readonly profile: ProfileName;
  readonly seed: number;
  /** How many decisions the failing run took, and 20 bits of what they were; `undefined` in tokens that do not say. */
  readonly decisions: { readonly count: number; readonly hash: number } | undefined;
  /** What is held back, by number: how many others it lets pass, and the hash of its label. */
  readonly deviations: readonly { readonly id: number; readonly passes: number; readonly label: number }[];
  /** Hashes of labels of the program, to know it again. */
  readonly labels: readonly number[];
}

const version = "m1";
/** How many labels a token carries. */
export const labelsInToken = 8;
const profiles: readonly ProfileName[] = ["node", "node18", "deno", "bun", "browser"];

/** Is it the token of a soak, of whatever version? */
export function isTokenOfSoak(text: string): boolean {
  return /^s\d+-/.test(text);
}

/** Is it the token of a schedule, of whatever version? */
export function isTokenOfSchedule(text: string): boolean {
  return /^m\d+-/.test(text);
}

/** 20 bits of a label. */
export function hashLabel(label: string): number {
  const hash = hashText(label);
  return (hash ^ (hash >>> 15)) & 0xfffff;
}

/** Writes a token. */
export function writeToken({ profile, seed, decisions, deviations, labels }: RecordedSchedule): string {
  const { count, hash } = decisions ?? { count: 0, hash: 0 };
  return [
    version,
    profiles.indexOf(profile).toString(36) + (seed < 0 ? "n" : "p") +
    [Math.abs(seed), count, hash].map((number) => number.toString(36)).join("."),
    labels.map((label) => label.toString(36).padStart(4, "0")).join("") || "0",
    ...deviations.map(({ id, passes, label }) =>
      // Decisions on late timers have numbers below 0.
      `${label.toString(36).padStart(4, "0")}${Math.abs(id).toString(36)}_${passes.toString(36)}${id < 0 ? "_" : ""}`
    ),
  ].join("-");
}

/**
 * Reads a token.
 *
 * @throws {TypeError} for what is none.
 */
export function readToken(token: unknown): RecordedSchedule {
  const parts = typeof token === "string" ? token.split("-") : [];
  const [mark, head = "", labels = "", ...deviations] = parts;
  const headMatch = /^([0-4])([np])([0-9a-z]+)(?:\.([0-9a-z]+)\.([0-9a-z]+))?$/.exec(head);
  const isWhole = mark === version && headMatch !== null && /^(0|([0-9a-z]{4})+)$/.test(labels) &&
    deviations.every((each) => /^[0-9a-z]{5,}_[0-9a-z]+_?$/.test(each));
  if (!isWhole) {
    throw new TypeError(`A token begins with ${version}- and comes from a ScheduleFailure: received ${show(token)}`);
  }
  return {
    profile: profileOf(profiles[Number(headMatch[1])]!).name,
    seed: parseInt(headMatch[3]!, 36) * (headMatch[2] === "n" ? -1 : 1),
    decisions: headMatch[4] === undefined
      ? undefined
      : { count: parseInt(headMatch[4], 36), hash: parseInt(headMatch[5]!, 36) },
    labels: labels === "0" ? [] : labels.match(/.{4}/g)!.map((label) => parseInt(label, 36)),
    deviations: deviations.map((each) => {
      const [id, passes] = each.slice(4).split("_").map((number) => parseInt(number, 36));
      return { id: each.endsWith("_") ? -id! : id!, passes: passes!, label: parseInt(each.slice(0, 4), 36) };
    }),
  };
}
