/**
 * What a host's `fetch` does to the bodies it gets: it decodes those whose coding it knows, and leaves the fields that told of the coding.
 *
 * @module
 */

/** What a host's `fetch` decodes. */
interface Decoding {
  readonly codings: ReadonlySet<string>;
  /** Which codings were used, by the field; empty for none that could be decoded. */
  codingsIn(field: string): readonly string[];
}

/** The list as it stands; an empty part is no coding that anybody knows. */
function listed(field: string): string[] {
  return field.toLowerCase().split(",").map((coding) => coding.trim());
}

function decodingHere(): Decoding {
  const { Deno, Bun, process } = globalThis as {
    Deno?: unknown;
    Bun?: unknown;
    process?: { versions?: Record<string, string | undefined> };
  };
  if (Deno !== undefined) return { codings: new Set(["gzip", "br"]), codingsIn: atMostOne(listed) };
  if (Bun !== undefined) {
    // It looks past the parts that say nothing.
    const named = (field: string) => listed(field).filter((coding) => coding !== "" && coding !== "identity");
    return { codings: new Set(["gzip", "x-gzip", "deflate", "br", "zstd"]), codingsIn: atMostOne(named) };
  }
  const codings = new Set(["gzip", "x-gzip", "deflate", "br"]);
  // From that version of its fetch on.
  const [major, minor] = (process?.versions?.["undici"] ?? "0.0").split(".").map(Number);
  if (major! > 7 || (major === 7 && minor! >= 11)) codings.add("zstd");
  return { codings, codingsIn: listed };
}

function atMostOne(parse: (field: string) => string[]): (field: string) => string[] {
  return (field) => {
    const codings = parse(field);
    return codings.length === 1 ? codings : [];
  };
}

let decoding: Decoding | undefined;

/** Does this host's `fetch` decode a body of these codings, as the field `content-encoding` has them? */
export function isDecodedByFetch(field: string): boolean {
  const { codings, codingsIn } = decoding ??= decodingHere();
  const used = codingsIn(field);
  return used.length > 0 && used.every((coding) => codings.has(coding));
}

/** An answer, and whether its body was decoded. */
export interface Fetched {
  readonly response: Response;
  readonly isDecoded: boolean;
}

/** `fetch` of a body as the other side has it; what is encoded although it was not asked for is decoded only where the host cannot let it be. */
export async function fetchPlain(url: URL, init: RequestInit & { headers: Headers }): Promise<Fetched> {
  init.headers.set("accept-encoding", "identity");
  // The first is Bun's option. Deno decodes only what was asked for; Node knows no way.
  const response = await fetch(url, { decompress: false, duplex: "half", ...init } as RequestInit);
  const { Deno, Bun } = globalThis as { Deno?: unknown; Bun?: unknown };
  const field = response.headers.get("content-encoding");
  const isLeft = Deno !== undefined || Bun !== undefined;
  return { response, isDecoded: !isLeft && field !== null && isDecodedByFetch(field) };
}
