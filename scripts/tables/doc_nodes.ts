/**
 * What `deno doc` says of the entry points: the public functions, what they take, and the text beside each.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { executableOf, root } from "../../tests/support/hosts.ts";

/** The entry points, by the name that users import. */
export const entryPoints: Readonly<Record<string, string>> = {
  "@millrace/millrace": "mod.ts",
  "@millrace/millrace/io": "io/mod.ts",
  "@millrace/millrace/worker": "worker.ts",
  "@millrace/millrace/remote": "remote.ts",
  "@millrace/millrace/testing": "testing.ts",
};

/** A type, as far as it is looked at here. */
export interface DocType {
  readonly kind: string;
  readonly repr: string;
  // deno-lint-ignore no-explicit-any -- its form depends on the kind
  readonly value: any;
}

/** A parameter; one with a default value has its name and type in `left`. */
export interface DocParam {
  readonly name?: string;
  readonly tsType?: DocType;
  readonly left?: DocParam;
}

/** A property, or a method. */
export interface DocMember {
  readonly name: string;
  readonly optional?: boolean;
  readonly jsDoc?: { readonly doc?: string };
  readonly location?: { readonly filename: string; readonly line: number; readonly col: number };
  readonly tsType?: DocType;
  readonly params?: readonly DocParam[];
  readonly functionDef?: { readonly params: readonly DocParam[] };
  readonly accessibility?: string;
}

/** A declaration. */
export interface DocNode {
  readonly kind: string;
  readonly declarationKind: string;
  readonly location: { readonly filename: string; readonly line: number };
  readonly jsDoc?: { readonly doc?: string };
  readonly def: {
    readonly params?: readonly DocParam[];
    readonly constructors?: readonly DocMember[];
    readonly methods?: readonly DocMember[];
    readonly properties?: readonly DocMember[];
    readonly extends?: readonly DocType[] | string;
  };
}

/** A name that an entry point exports. */
export interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly DocNode[];
}

/** The exported names of each entry point, in the order of the code. */
export function documented(): Map<string, readonly DocSymbol[]> {
  const byFile = documentedIn(Object.values(entryPoints));
  return new Map(Object.entries(entryPoints).map(([name, file]) => [name, byFile.get(file)!]));
}

/** The exported names of files, which are given from the root. */
export function documentedIn(files: readonly string[]): Map<string, readonly DocSymbol[]> {
  const deno = executableOf("deno");
  if (deno === undefined) throw new Error("The public names are read by Deno, which `npm ci` brings");
  const args = ["doc", "--json", ...files];
  const { status, stdout, stderr } = spawnSync(deno, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 ** 2 });
  if (status !== 0) throw new Error(`deno doc has failed: ${stderr}`);
  const { nodes } = JSON.parse(stdout) as { nodes: Record<string, { symbols: DocSymbol[] }> };
  return new Map(Object.entries(nodes).map(([url, { symbols }]) => [relative(root, fileURLToPath(url)), symbols]));
}

/** The file of a location, from the root. */
export function fileOf({ filename }: { readonly filename: string }): string {
  return join(root, relative(root, fileURLToPath(filename)));
}
