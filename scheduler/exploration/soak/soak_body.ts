/**
 * Where the body of a soak is: a function of this thread, or the export of a module, which other threads can load.
 *
 * @module
 */

import { checkOptions, show } from "../../../runtime/basics/check.ts";
import type { SoakBody } from "./seed_run.ts";

/** A body: a function, the URL of a module whose default export is one, or a module and the name of its export. */
export type SoakTarget = SoakBody | URL | string | { readonly module: URL | string; readonly name?: string };

/** An export of a module. */
export interface BodyModule {
  readonly href: string;
  readonly name: string;
}

/** What the caller has given. */
export interface SoakSource {
  /** What tokens and reports call it. */
  readonly name: string;
  readonly body: SoakBody | undefined;
  readonly module: BodyModule | undefined;
}

/** How long a name is at most. */
const longestName = 40;

/** Checks what the caller has given. */
export function sourceOf(target: unknown): SoakSource {
  if (typeof target === "function") {
    return { name: plainName(target.name) || "body", body: target as SoakBody, module: undefined };
  }
  const isPlain = typeof target === "object" && target !== null && !(target instanceof URL);
  if (isPlain) checkOptions(target, "the body of a soak", ["module", "name"]);
  const { module, name = "default" } = isPlain ? target as { module?: unknown; name?: unknown } : { module: target };
  if (typeof name !== "string") throw new TypeError(`The name of an export is a string: received ${show(name)}`);
  const href = hrefOf(module);
  const file = plainName(new URL(href).pathname.split("/").at(-1)!) || "module";
  return { name: name === "default" ? file : `${file}.${plainName(name)}`, body: undefined, module: { href, name } };
}

/** Loads a body in this thread. */
export async function loadBody({ href, name }: BodyModule): Promise<SoakBody> {
  const exports = await import(/* webpackIgnore: true */ /* @vite-ignore */ href) as Record<string, unknown>;
  const body = exports[name];
  if (typeof body !== "function") {
    const found = Object.keys(exports).filter((key) => typeof exports[key] === "function");
    throw new TypeError(
      `The body of a soak has to be a function: the export ${JSON.stringify(name)} of ${href} is ${
        body === undefined ? "not there" : show(body)
      }; its functions are ${found.join(", ") || "none"}`,
    );
  }
  return body as SoakBody;
}

function hrefOf(module: unknown): string {
  if (module instanceof URL) return module.href;
  if (typeof module === "string" && URL.canParse(module)) return module;
  throw new TypeError(
    `The body of a soak is a function, or the URL of a module as new URL("./body.ts", import.meta.url) makes it: received ${
      show(module)
    }`,
  );
}

/** A name of signs that a token may have. */
function plainName(name: string): string {
  return name.replace(/[^\w.]/g, "_").slice(0, longestName);
}
