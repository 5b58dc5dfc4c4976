/**
 * What a disk may do to those who use it.
 *
 * @module
 */

/** The faults of a disk that is on; what a loss of power does is another matter. */
export type DiskFault =
  /** A read fails with EIO. */
  | "read error"
  /** A read gives half of the bytes it could. */
  | "short read"
  /** A bit of the file is another one from then on. */
  | "bit flip"
  /** A write fails with EIO, and writes nothing. */
  | "write error"
  /** A write writes half of its bytes. */
  | "short write"
  /** A sync fails with EIO, and what was pending never comes to be durable. */
  | "sync error"
  /** A sync succeeds and has done nothing. */
  | "lying sync";

/** All of them. */
export const diskFaults: readonly DiskFault[] = [
  "read error",
  "short read",
  "bit flip",
  "write error",
  "short write",
  "sync error",
  "lying sync",
];

/** Does a fault happen to an operation? That is called as in "write /log". */
export type Decide = (kind: string, what: string) => boolean;

/** Which of `count` ways does a thing go? The first is the plainest. Each question of a loss has a name of its own. */
export type ChooseLoss = (what: string, count: number) => number;

/** What a loss of power has done. */
export interface Loss {
  /** Nothing was pending; all of it was lost; none; of each file what came last; any of it. */
  readonly way: "nothing" | "all" | "none" | "prefix" | "subset";
  /** How many bytes of writes are not there. */
  readonly bytes: number;
  /** How many operations on names are undone. */
  readonly entries: number;
  /** Which write is there in part. */
  readonly torn: string | undefined;
}
