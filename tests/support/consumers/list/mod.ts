/**
 * All projects that use the package, in the order of the table.
 *
 * @module
 */

import type { Project } from "../consumer.ts";
import { bun, esbuild, nft, rollup, sea } from "./bundlers.ts";
import { manifest, types, typesOfNode } from "./checks.ts";
import { nextJs } from "./frameworks.ts";
import { workerd } from "./edge.ts";
import { found, jest, vitest } from "./runners.ts";
import { vite, webpack } from "./pages.ts";
import { node, typescript } from "./hosts.ts";

/** The projects. */
export const projects: readonly Project[] = [
  node,
  typescript,
  esbuild,
  rollup,
  vite,
  webpack,
  nft,
  bun,
  sea,
  nextJs,
  vitest,
  jest,
  found,
  workerd,
  types,
  typesOfNode,
  manifest,
];
