/**
 * Projects that check the package and run nothing: its types, and its manifest.
 *
 * @module
 */

import type { Project } from "../consumer.ts";
import { command } from "../steps.ts";

/** The oldest and the newest compiler, in each way to find modules. */
function compilers(types: string): Project["consumers"] {
  const ways = ["node16", "nodenext", "bundler"].map((way) =>
    way === "bundler" ? "--module esnext --moduleResolution bundler" : `--module ${way}`
  );
  return [["5.7", "typescript57"], ["7.0", "typescript"]].map(([version, folder]) => ({
    name: `TypeScript ${version}, ${types}`,
    isCheck: true,
    runs: ways.map((way) => command(`node24 node_modules/${folder}/bin/tsc -p . ${way}`)),
  }));
}

/** Where neither Node's types nor the optional peer are installed: what is for browsers too. */
export const types: Project = { folder: "types", consumers: compilers("without Node's types") };

/** All entry points, without the optional peer, and the usages that say what their types are. */
export const typesOfNode: Project = {
  folder: "types_node",
  copies: { "src/usages": "tests/types" },
  consumers: compilers("with Node's types"),
};

/** The checks of other people's mistakes. */
export const manifest: Project = {
  folder: "manifest",
  consumers: [
    {
      name: "publint",
      isCheck: true,
      runs: [command("node24 node_modules/publint/src/cli.js run --strict {tarball}")],
    },
    {
      name: "@arethetypeswrong/cli",
      isCheck: true,
      // The package is a module for everybody: all the versions of Node that it is for can require one.
      runs: [
        command("node24 node_modules/@arethetypeswrong/cli/dist/index.js {tarball} --profile esm-only --no-color"),
      ],
    },
  ],
};
