/**
 * A run of a soak as a short text that can be kept and run again, on any runtime.
 *
 * ```
 *   s1-kv_soak.ts-0p2a.1f4-0abc1def...-1k9z_0.m1p0_2
 *   │  │          │ │  │   │           └ the faults that come, and how much simpler: by the hash of what each is; "all" that are drawn
 *   │  │          │ │  │   └ hashes of the first events, to know the body again
 *   │  │          │ │  └ how many events the run has
 *   │  │          │ └ the seed
 *   │  │          └ the profile
 *   │  └ what the body is called
 *   └ the version
 * ```
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import type { ProfileName } from "../../../runtime/simulation/model/profile.ts";
import { hashLabel, isTokenOfSoak } from "../search/token.ts";
import type { KeptFaults } from "./fault_draws.ts";

/** A run that can be run again. */
export interface SoakToken {
  readonly name: string;
  readonly profile: ProfileName;
  readonly seed: number;
  readonly events: number;
  /** Hashes of labels. */
  readonly labels: readonly number[];
  /** The faults that come; all that are drawn where it is `undefined`. */
  readonly kept: KeptFaults | undefined;
}

const version = "s1";
const profiles: readonly ProfileName[] = ["node", "node18", "deno", "bun", "browser"];

/** Hashes of labels, as a token has them. */
export function hashLabels(labels: readonly string[]): readonly number[] {
  return labels.map(hashLabel);
}

/** Writes a token. */
export function writeSoakToken({ name, profile, seed, events, labels, kept }: SoakToken): string {
  const faults = kept && [...kept].map(([key, simpler]) => `${key.toString(36)}_${simpler.toString(36)}`).join(".");
  return [
    version,
    name,
    `${profiles.indexOf(profile)}${seed < 0 ? "n" : "p"}${Math.abs(seed).toString(36)}.${events.toString(36)}`,
    labels.map((label) => label.toString(36).padStart(4, "0")).join("") || "0",
    faults === undefined ? "all" : faults || "none",
  ].join("-");
}

/**
 * Reads a token.
 *
 * @throws {TypeError} for what is none, and for one of another version.
 */
export function readSoakToken(token: unknown): SoakToken {
  const text = typeof token === "string" ? token : "";
  const [mark, name = "", head = "", labels = "", faults = "", ...more] = text.split("-");
  if (isTokenOfSoak(text) && mark !== version) {
    throw new TypeError(`The token is of version ${mark} of the kit's tokens, and this is version ${version}: ${text}`);
  }
  const parts = /^([0-4])([np])([0-9a-z]+)\.([0-9a-z]+)$/.exec(head);
  const isWhole = mark === version && more.length === 0 && /^[\w.]+$/.test(name) && parts !== null &&
    /^(0|([0-9a-z]{4})+)$/.test(labels) && /^(all|none|[0-9a-z]+_[0-9a-z]+(\.[0-9a-z]+_[0-9a-z]+)*)$/.test(faults);
  if (!isWhole) {
    throw new TypeError(`A token begins with ${version}- and comes from a SoakFailure: received ${show(token)}`);
  }
  return {
    name,
    profile: profiles[Number(parts[1])]!,
    seed: parseInt(parts[3]!, 36) * (parts[2] === "n" ? -1 : 1),
    events: parseInt(parts[4]!, 36),
    labels: labels === "0" ? [] : labels.match(/.{4}/g)!.map((label) => parseInt(label, 36)),
    kept: faults === "all" ? undefined : new Map(
      (faults === "none" ? [] : faults.split(".")).map((fault) => {
        const [key, simpler] = fault.split("_") as [string, string];
        return [parseInt(key, 36), parseInt(simpler, 36)];
      }),
    ),
  };
}
