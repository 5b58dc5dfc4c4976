/**
 * `fetch` in a simulation.
 *
 * @module
 */

import { portOf } from "../../basics/authority.ts";
import type { World } from "../loop/world.ts";
import { pulled } from "./blobs.ts";
import { awaitResult } from "./io_calls.ts";
import { promised } from "./waited_for.ts";

/** The servers that listen in the simulation. */
interface Servers {
  serves(url: string): boolean;
  fetch: typeof fetch;
}

/** URLs of which the answer lies in this process. */
const localUrl = /^\s*(data|blob):/i;
const thisMachine = /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[?::1?\]?)$/;

/**
 * `fetch` on the network of the simulation; what a URL itself holds is no I/O, and the host's own reads it. Where real I/O is allowed, it
 * goes to the real network, unless a server of the simulation is meant.
 */
export function fetchOf(world: World, servers: () => Servers): typeof fetch {
  const own = globalThis.fetch;
  // Node loads it when it is first named, and compiles something then: in a run that would be work of the body, in the first one alone.
  void globalThis.Request;
  const read = promised(world, "fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const response = await own(input, init);
    // Whole: its parts would come when the host likes.
    return copyOf(response, await response.arrayBuffer());
  }) as typeof fetch;
  return (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (localUrl.test(url)) return read(input, init);
    if (!world.settings.allowRealIo || servers().serves(url)) return servers().fetch(input, init);
    return realFetch(world, url, own(input, init));
  };
}

async function realFetch(world: World, url: string, coming: Promise<Response>): Promise<Response> {
  const settings = { inOrder: false, port: localPortOf(url) };
  const response = await awaitResult(world, "fetch", coming, settings);
  const { body, status } = response;
  if (body === null || status < 200) return response;
  const reader = body.getReader();
  const parts = pulled(reader, () => awaitResult(world, "the body of fetch", reader.read(), settings));
  return copyOf(response, parts);
}

function copyOf(response: Response, body: BodyInit): Response {
  const { status, statusText, headers, url, redirected, type } = response;
  const copy = new Response(body, { status, statusText, headers });
  for (const [name, value] of Object.entries({ url, redirected, type })) Object.defineProperty(copy, name, { value });
  return copy;
}

/** The port on this machine that a URL is of; `undefined` where it is of another. */
export function localPortOf(url: string): number | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  return thisMachine.test(parsed.hostname) ? portOf(parsed) : undefined;
}
