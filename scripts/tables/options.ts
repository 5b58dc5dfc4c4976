/**
 * Every option of every public function, as `docs/options.md` has them: read from the types and the text beside them.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "../../tests/support/hosts.ts";
import {
  type DocMember,
  type DocNode,
  type DocParam,
  type DocSymbol,
  type DocType,
  documented,
  documentedIn,
  fileOf,
} from "./doc_nodes.ts";

/** An option. */
export interface Option {
  readonly name: string;
  readonly type: string;
  /** What it is when it is left out; "required", or `undefined` where the text beside it does not say. */
  readonly default: string | undefined;
  readonly says: string;
  /** The classes of errors that the text names. */
  readonly errors: readonly string[];
}

/** Options that are given together: those of an interface, or those that one function alone has. */
export interface OptionSet {
  readonly title: string;
  /** What takes them, such as "group" or "new Channel". */
  readonly of: string[];
  /** The types whose options are options of these too, with those left out or taken. */
  readonly from: readonly string[];
  readonly options: readonly Option[];
}

/** The sets of each entry point; a set is listed once, where it comes first. */
export function optionSets(): Map<string, OptionSet[]> {
  const points = documented();
  const types = new Map([...points.values()].flat().map((symbol) => [symbol.name, symbol]));
  addBases(types);
  const seen = new Map<string, OptionSet>();
  return new Map([...points].map(([point, symbols]) => {
    const sets: OptionSet[] = [];
    /** Is this an interface of ours, or a part of one? */
    function isKnown(type: DocType): boolean {
      return types.has((isPart(type) ? type.value.typeParams[0] : type).value.typeName as string);
    }
    /** Takes note of who takes a set, and of the sets within it and below it. */
    function note(type: DocType, taker: string): void {
      const title = type.kind === "typeRef" && !isPart(type) ? type.value.typeName as string : taker;
      const old = seen.get(title);
      if (old !== undefined) return void (old.of.includes(taker) || old.of.push(taker));
      const node = interfaceOf(title, types);
      if (node === undefined && !isPart(type) && type.kind !== "typeLiteral") return;
      const bases = (isPart(type) ? [type] : [...node?.def.extends ?? []] as DocType[]).filter(isKnown);
      const members = node === undefined
        ? type.value.properties as DocMember[] ?? []
        : [...node.def.properties ?? [], ...node.def.methods ?? []];
      const set = { title, of: [taker], from: bases.map(baseText), options: members.map(optionOf) };
      seen.set(title, set);
      sets.push(set);
      for (const base of bases) note(isPart(base) ? base.value.typeParams[0] as DocType : base, `as part of ${title}`);
      for (const { name, tsType } of members) {
        const types = tsType?.kind === "union" ? tsType.value as DocType[] : tsType === undefined ? [] : [tsType];
        const within = types.filter(({ kind, value }) => kind === "typeRef" && isOptions(value.typeName as string));
        for (const type of within) note(type, `\`${name}\` of ${title}`);
      }
    }
    for (const symbol of symbols) for (const [taker, type] of takersOf(symbol)) note(type, taker);
    return [point, sets];
  }));
}

/** Adds the interfaces that public ones extend, and that no entry point exports. */
function addBases(types: Map<string, DocSymbol>): void {
  const files = new Set<string>();
  for (const { declarations } of types.values()) {
    for (const { kind, def, location } of declarations) {
      for (const each of kind === "interface" ? def.extends as DocType[] ?? [] : []) {
        const { typeName, resolution } = (isPart(each) ? each.value.typeParams[0] : each).value;
        if (types.has(typeName) || resolution?.kind !== "import") continue;
        files.add(relative(root, join(dirname(fileOf(location)), resolution.specifier)));
      }
    }
  }
  if (files.size === 0) return;
  for (const symbol of [...documentedIn([...files]).values()].flat()) {
    types.set(symbol.name, types.get(symbol.name) ?? symbol);
  }
  addBases(types);
}

/** What others write, or have from another package, and hand over: nobody calls it. */
const handedOver: ReadonlySet<string> = new Set(["Engine", "NatsConnection"]);

/** What of a symbol takes options, and their type. */
function takersOf({ name, declarations }: DocSymbol): [string, DocType][] {
  if (handedOver.has(name)) return [];
  const all = declarations.flatMap(({ kind, def }): [string, readonly DocParam[]][] => {
    const methods = (def.methods ?? []).filter(({ accessibility }) => accessibility !== "private")
      .map((
        method,
      ): [string, readonly DocParam[]] => [
        `${name}.${method.name}`,
        method.functionDef?.params ?? method.params ?? [],
      ]);
    if (kind === "function") return [[name, def.params ?? []]];
    const made = (def.constructors ?? []).map((
      made,
    ): [string, readonly DocParam[]] => [`new ${name}`, made.params ?? []]);
    return kind === "class" || kind === "interface" ? [...made, ...methods] : [];
  });
  return all.flatMap(([taker, params]) =>
    params.flatMap((param): [string, DocType][] => {
      const { name, tsType } = param.left ?? param;
      return tsType !== undefined && (name !== undefined && ["options", "settings", "init"].includes(name))
        ? [[taker, tsType]]
        : [];
    })
  );
}

/** Is this a type that is a part of another one? */
function isPart({ kind, value }: DocType): boolean {
  return kind === "typeRef" && (value.typeName === "Omit" || value.typeName === "Pick");
}

function isOptions(name: string): boolean {
  return /(Options|Policy|Settings)$/.test(name);
}

/** A type whose options are options here too, and which of them. */
function baseText(type: DocType): string {
  const link = (name: string): string => `[${name}](#${name.toLowerCase()})`;
  if (!isPart(type)) return link(type.value.typeName as string);
  const [base, keys] = type.value.typeParams as DocType[];
  const names = (keys!.kind === "union" ? keys!.value as DocType[] : [keys!]).map(({ repr }) => `\`${repr}\``);
  return `${link(base!.value.typeName as string)} ${type.value.typeName === "Omit" ? "without" : "only"} ${
    listed(names)
  }`;
}

/** Words as a list in a sentence. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** The declaration of an interface that is exported. */
function interfaceOf(name: string, types: ReadonlyMap<string, DocSymbol>): DocNode | undefined {
  return types.get(name)?.declarations.find(({ kind }) => kind === "interface");
}

function optionOf({ name, optional, jsDoc, location }: DocMember): Option {
  const text = (jsDoc?.doc ?? "").replace(/\{@link(?:code)? ([^}]+)\}/g, "`$1`").replace(/\s+/g, " ").trim();
  const [whole, standard] = /\bDefault: (.+?)(?:\.(?=\s|$)|; (?=then )|$)/.exec(text) ?? [];
  return {
    name,
    type: typeAt(location!),
    default: standard ?? (optional === true ? undefined : "required"),
    says: whole === undefined ? text : text.replace(whole, "").replace(/\s+/g, " ").trim(),
    errors: [...new Set(text.match(/\b(?!AbortError)[A-Z]\w*Error\b|\bCancelled\b/g))],
  };
}

/** The type as the source has it: from the name of the member to its end. */
function typeAt(location: { readonly filename: string; readonly line: number; readonly col: number }): string {
  const lines = readFileSync(fileOf(location), "utf8").split("\n").slice(location.line);
  const text = [lines[0]!.slice(location.col), ...lines.slice(1)].join("\n").replace(/^readonly /, "");
  const start = /^\w+\??:?\s*/.exec(text)![0].length;
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if ("([{".includes(text[at]!)) depth++;
    else if (")]}".includes(text[at]!) && depth-- === 0) return oneLine(text.slice(start, at));
    else if (text[at] === ";" && depth === 0) return oneLine(text.slice(start, at));
  }
  throw new Error(`The member at ${location.filename}:${location.line + 1} has no end`);
}

function oneLine(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/\s+/g, " ").trim().replace(/^\| | \| undefined$/g, "").replace(
    /^\((\(.*\) => .*)\)$/,
    "$1",
  );
}

/** The page, in no particular form: the formatter sets its tables. */
export function optionsPage(): string {
  const parts = [...optionSets()].filter(([, sets]) => sets.length > 0).map(([point, sets]) =>
    [`## ${point}`, ...sets.map(setText)].join("\n\n")
  );
  return [head, ...parts].join("\n\n") + "\n";
}

const head = `# Options

Every option of every public function, made from the code by \`npm run tables\`. Options are the last argument, and each may
be left out unless its default says "required".

Names mean the same everywhere: times are in ms, sizes in bytes, a \`signal\` ends what it is given to, and a \`name\` is for
messages and the tree of tasks. An option that is not known, of a wrong type or out of range is refused at the call, by a
\`TypeError\` or a \`RangeError\` with the value received. The column "errors" has what is [thrown](errors.md) later because of
the option.`;

function setText({ title, of, from, options }: OptionSet): string {
  const takers = of.filter((taker) => !taker.startsWith("as part of")).map((taker) =>
    taker.startsWith("`") ? taker.replace(/of (\w+)$/, (_, name: string) => `of ${linkTo(name)}`) : `\`${taker}\``
  );
  const taken = takers.length === 0 ? "A part of others here." : `Taken by ${listed(takers)}.`;
  const base = from.length === 0 ? "" : ` Those of ${listed(from)}${options.length === 0 ? "." : ", and:"}`;
  const hasErrors = options.some(({ errors }) => errors.length > 0);
  const rows = options.map(({ name, type, default: standard = "none", says, errors }) =>
    row([
      `\`${name}\``,
      `\`${cell(type)}\``,
      literal(cell(standard)),
      ...(hasErrors ? [errors.map(errorLink).join(", ")] : []),
      cell(says),
    ])
  );
  const head = ["option", "type", "default", ...(hasErrors ? ["errors"] : []), "what it is"];
  const table = [row(head), row(head.map(() => "-")), ...rows].join("\n");
  return [`### ${title}`, `${taken}${base}`, ...(options.length === 0 ? [] : [table])].join("\n\n");
}

function linkTo(name: string): string {
  return `[${name}](#${name.toLowerCase()})`;
}

function errorLink(name: string): string {
  return /^(Type|Range)Error$/.test(name) ? `\`${name}\`` : `[\`${name}\`](errors.md#${name.toLowerCase()})`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** A default that is a value, as code. */
function literal(text: string): string {
  return /^(true|false|[\d,.]+|"[^"]*")$/.test(text) ? `\`${text}\`` : text;
}
