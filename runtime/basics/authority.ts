/**
 * The authority of a request: the host that it is for, with its port.
 *
 * @module
 */

/** A name or an IPv4 address, or an IPv6 address in brackets; then a port. No user, no escape: nobody has those in a request. */
const shape = /^([\w.~-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i;

/**
 * The authority as a url has it, in small letters and without the scheme's own port; `undefined` for what is none. What it answers can
 * stand in a url: a class of characters alone would let `a:99999` pass, with which `new URL` throws.
 */
export function authorityOf(text: string, scheme: "http" | "https"): string | undefined {
  const match = shape.exec(text);
  if (match === null || Number(match[2] ?? 0) > 65_535) return undefined;
  let url: URL;
  try {
    url = new URL(`${scheme}://${text}/`);
  } catch {
    return undefined;
  }
  const name = match[1]!.toLowerCase();
  // A url writes 0x7f.1 as 127.0.0.1: two names for one host, one of which a list of names does not know.
  if (!name.startsWith("[") && url.hostname !== name) return undefined;
  return url.host;
}

/** The host of an authority, without its port. */
function nameOf(authority: string): string {
  return authority.replace(/:\d+$/, "");
}

/** Which hosts a server answers for. */
export class AllowedHosts {
  readonly #names = new Set<string>();
  /** Each with the dot before it. */
  readonly #domains: string[] = [];

  /** Takes names without ports; one that begins with a dot stands for a domain and all below it. */
  constructor(names: Iterable<string>) {
    for (const name of names) {
      if (name.startsWith(".")) this.#domains.push(name.toLowerCase());
      else this.#names.add(nameOf(authorityOf(name, "http") ?? name));
    }
  }

  /** Is the host of this authority one of them? */
  has(authority: string): boolean {
    const name = nameOf(authority);
    return this.#names.has(name) ||
      this.#domains.some((domain) => name.endsWith(domain) || name === domain.slice(1));
  }
}

/** The port that a URL is of, its scheme's where it names none. */
export function portOf({ port, protocol }: URL): number {
  return Number(port || (/^(https|wss):$/.test(protocol) ? 443 : 80));
}

/** Can it stand in a list of hosts: a name without a port, or a domain with a dot before it? */
export function isHostName(name: string): boolean {
  return nameOf(name) === name && authorityOf(name.startsWith(".") ? name.slice(1) : name, "http") !== undefined;
}
