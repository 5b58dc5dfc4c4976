/**
 * What a consumer of the package is.
 *
 * @module
 */

import type { Feature } from "./features.ts";

/** A module format: the endings name how a file of TypeScript is written into a consumer. */
export type Form = "ts" | "mts" | "cts" | "mjs" | "cjs" | "js";

/** A project that uses the package: a folder with a manifest, and the programs in it. */
export interface Project {
  /** The folder below `tests/consumers/`. */
  readonly folder: string;
  /** Where the common program is put, in which form, and the worker module in which others. `js` is a module. Default: none. */
  readonly program?: Readonly<Record<string, readonly Form[]>>;
  /** Folders of the project, each with the folder of the checkout that is copied there. Default: none. */
  readonly copies?: Readonly<Record<string, string>>;
  readonly consumers: readonly Consumer[];
  /** Is it begun before the others? Default: no. */
  readonly isSlow?: boolean;
}

/** A way to use the package: a row of the table, or a check that has none. */
export interface Consumer {
  /** Its name in the table. */
  readonly name: string;
  /** What is done before, in order: builds. */
  readonly builds?: readonly Step[];
  /** What is run, one after the other: each has to use the features. */
  readonly runs: readonly Step[];
  /**
   * The features that it does not use, because their code is for servers or for another tool. All others have to work, or
   * to fail as the program expects. Default: none.
   */
  readonly unused?: readonly Feature[];
  /** Is it only a check, which uses no feature? */
  readonly isCheck?: boolean;
}

/** A command, its first word the executable, or a function that does a step and resolves to what was printed. */
export type Step = Command | ((place: Place) => Promise<string>);

/** A command of a consumer. */
export interface Command {
  readonly command: readonly string[];
  /** The folder in the project. Default: its root. */
  readonly in?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The longest it may take, in ms. Default: two minutes, which is for machines with much else to do. */
  readonly limit?: number;
}

/** Where a consumer is at work. */
export interface Place {
  /** The copy of the project. */
  readonly folder: string;
  /** The tarball of the package. */
  readonly tarball: string;
  /** A folder that the project's packages are not found from. */
  readonly elsewhere: string;
}

/** A step that failed. */
export class StepError extends Error {
  override readonly name = "StepError";
}
