/**
 * Requests that answer for their url and method from what Node has parsed, and for their fields with a `Headers` alone. The host's own
 * `Request`, which takes 9 us of Node 20 and 2 of Node 26, is made when anything else of it is used, and is asked from then on.
 *
 * @module
 */

import { standFor } from "./native_members.ts";

/** What a request is made of. */
export interface RequestParts {
  readonly method: string;
  /** As `URL` writes it. */
  readonly url: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly hasBody: boolean;
  /** Makes its body; called once at most. */
  makeBody(): ReadableStream<Uint8Array>;
  /** Reads all of its body; called once at most, and not where one was made. */
  readBody(): Promise<Uint8Array<ArrayBuffer>>;
}

/** The host's own request of these parts. */
export function hostRequest(
  parts: RequestParts,
  headers: HeadersInit = pairsOf(parts.rawHeaders),
  makeBody: () => ReadableStream<Uint8Array> = () => parts.makeBody(),
): Request {
  const { method, url, hasBody } = parts;
  if (!hasBody) return new Request(url, { method, headers });
  return new Request(url, { method, headers, body: makeBody(), duplex: "half" } as RequestInit);
}

function pairsOf(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) pairs.push([rawHeaders[index]!, rawHeaders[index + 1]!]);
  return pairs;
}

const decoder = new TextDecoder();

/** A `Request` that is made when it is needed. */
class LazyRequest {
  readonly #parts: RequestParts;
  #native: Request | undefined = undefined;
  /** Is the body read, by this itself? */
  #isRead = false;
  /** The fields that somebody has, who may change them. */
  #headers: WatchedHeaders | undefined = undefined;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  get url(): string {
    return this.#parts.url;
  }

  get method(): string {
    return this.#parts.method;
  }

  get headers(): Headers {
    return this.#headers ??= new OwnHeaders!(this.#native?.headers ?? pairsOf(this.#parts.rawHeaders));
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#parts.hasBody ? LazyRequest.nativeOf(this).body : null;
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? this.#isRead;
  }

  async text(): Promise<string> {
    return this.#takesBody() ? decoder.decode(await this.#parts.readBody()) : await LazyRequest.nativeOf(this).text();
  }

  async json(): Promise<unknown> {
    if (!this.#takesBody()) return await LazyRequest.nativeOf(this).json();
    return JSON.parse(decoder.decode(await this.#parts.readBody()));
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (!this.#takesBody()) return await LazyRequest.nativeOf(this).arrayBuffer();
    return (await this.#parts.readBody()).buffer;
  }

  async bytes(): Promise<Uint8Array> {
    return this.#takesBody() ? await this.#parts.readBody() : await LazyRequest.nativeOf(this).bytes();
  }

  /** Is the body there to be read by this itself? It is used up then. */
  #takesBody(): boolean {
    if (this.#isRead || this.#native !== undefined || !this.#parts.hasBody) return false;
    return this.#isRead = true;
  }

  /** The host's own, with the fields as they are now; what is no lazy request is its own. */
  static nativeOf(request: object): Request {
    if (!(#parts in request)) return request as Request;
    const headers = request.#headers;
    if (request.#native === undefined) request.#make();
    else if (headers?.isChanged === true) {
      for (const name of [...request.#native.headers.keys()]) request.#native.headers.delete(name);
      for (const [name, value] of headers) request.#native.headers.append(name, value);
    }
    if (headers !== undefined) headers.isChanged = false;
    return request.#native!;
  }

  #make(): void {
    if (!this.#isRead) return void (this.#native = hostRequest(this.#parts, this.#headers));
    this.#native = hostRequest(this.#parts, this.#headers, () => new ReadableStream());
    void this.#native.body!.cancel();
  }
}

interface WatchedHeaders extends Headers {
  isChanged: boolean;
}

/** Made by `prepare`, for Node takes 20 ms to load its own classes. */
let OwnHeaders: (new (init: HeadersInit) => WatchedHeaders) | undefined;

/** A `Headers` that knows when it was changed. */
function makeOwnHeaders(): new (init: HeadersInit) => WatchedHeaders {
  class Watched extends Headers {
    #isChanged = false;

    get isChanged(): boolean {
      return this.#isChanged;
    }

    set isChanged(whether: boolean) {
      this.#isChanged = whether;
    }

    override append(name: string, value: string): void {
      super.append(name, value);
      this.#isChanged = true;
    }

    override delete(name: string): void {
      super.delete(name);
      this.#isChanged = true;
    }

    override set(name: string, value: string): void {
      super.set(name, value);
      this.#isChanged = true;
    }
  }
  for (const name of Reflect.ownKeys(Watched.prototype)) {
    Object.defineProperty(Watched.prototype, name, { enumerable: Object.hasOwn(Headers.prototype, name) });
  }
  Reflect.deleteProperty(Watched.prototype, "constructor");
  return Watched;
}

let areWhole: boolean | undefined;

/**
 * Makes lazy requests possible; to be called once before the first. Does every function of the host take one for its own request? Where
 * not, whoever serves has to ask for them.
 */
export function prepareLazyRequests(): boolean {
  return areWhole ??= prepare();
}

function prepare(): boolean {
  OwnHeaders = makeOwnHeaders();
  const sample = new Request("http://localhost/");
  if (!("bytes" in Request.prototype)) Reflect.deleteProperty(LazyRequest.prototype, "bytes");
  standFor(LazyRequest, Request, sample, (self) => LazyRequest.nativeOf(self as object));
  const { url, method } = sample;
  const makeBody = (): ReadableStream => new ReadableStream();
  const readBody = (): Promise<Uint8Array<ArrayBuffer>> => Promise.resolve(new Uint8Array());
  const lazy = lazyRequest({ url, method, rawHeaders: [], hasBody: false, makeBody, readBody });
  try {
    return new Request(lazy).url === url && Request.prototype.clone.call(lazy).url === url;
  } catch {
    return false;
  }
}

/** A lazy request. */
export function lazyRequest(parts: RequestParts): Request {
  return new LazyRequest(parts) as unknown as Request;
}

/** The host's own request of a lazy one; any other is its own. */
export function nativeRequest(request: Request): Request {
  return LazyRequest.nativeOf(request);
}
