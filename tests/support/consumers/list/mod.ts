/**
 * All projects that use the package, in the order of the table.
 *
 * @module
 */

import type { Project } from "../consumer.ts";
import { bun, esbuild, nft, rollup, sea, webpack } from "./bundlers.ts";
import { node, typescript } from "./hosts.ts";

/** The projects. */
export const projects: readonly Project[] = [node, typescript, esbuild, rollup, webpack, nft, bun, sea];
