import { concatenate } from "../../basics/bytes.ts";
import type { BodyWatch } from "../../port/http.ts";
import { RequestBodyError } from "../common/exchange.ts";

/** A request of `node:http`, as far as it is used. */
export interface Incoming {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: Record<string, string | undefined>;
  readonly rawHeaders: string[];
  readonly socket: { readonly remoteAddress?: string; destroySoon(): void; destroy(): void };
  /** Has the request come whole, and been read? */
  readonly complete: boolean;
  /** How much of its body has come and not been read. */
  readonly readableLength: number;
  readonly destroyed: boolean;
  /** Has Node let go of a body that nobody had read when the answer had gone out? It then ends as if it were empty. */
  readonly _dumped?: boolean;
  destroy(): void;
  pause(): void;
  resume(): void;
  on(event: "end" | "error" | "close", listener: () => void): void;
  on(event: "data", listener: (chunk: Uint8Array) => void): void;
  off(event: "data", listener: (chunk: Uint8Array) => void): void;
}

/**
 * The body of a request as a web stream that takes nothing from the connection until it is read: a body that nobody reads is then
 * Node's to drop, and the connection can be used again. (`Readable.toWeb` reads ahead and leaves the connection paused.)
 *
 * `onRead` is called before the first read, `onLeft` before the stream fails because the client has left, so that whoever
 * hears of the failure knows its reason already.
 */
export function bodyOf(incoming: Incoming, onRead: () => void, onLeft: () => void): ReadableStream<Uint8Array> {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let open = true;
  let listening = false;
  let resume: (() => void) | undefined;
  function settle(): void {
    open = false;
    incoming.off("data", push);
    resume?.();
  }
  function push(chunk: Uint8Array): void {
    controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    incoming.pause();
    resume?.();
  }
  function listen(): void {
    listening = true;
    onRead();
    incoming.on("end", () => {
      if (!open) return;
      // A read may have been asked for, and the answer gone out before Node came to it.
      if (incoming._dumped) return fail();
      controller.close();
      settle();
    });
    incoming.on("close", fail);
    // "close" follows.
    incoming.on("error", () => {});
    if (incoming.destroyed || incoming._dumped) fail();
    else incoming.on("data", push);
  }
  function fail(): void {
    if (!open) return;
    if (!incoming.complete && !incoming._dumped) onLeft();
    controller.error(new RequestBodyError(incoming._dumped ? "answered" : "left"));
    settle();
  }
  return new ReadableStream<Uint8Array>({
    start(it) {
      controller = it;
    },
    pull() {
      if (!open) return;
      return new Promise<void>((resolve) => {
        resume = resolve;
        if (listening) incoming.resume();
        else listen();
      });
    },
    cancel() {
      settle();
      incoming.resume();
    },
  }, { highWaterMark: 0 });
}

/**
 * All of a body, without the streams that `bodyOf` and `Request` would make for it: to read a short one by them takes 100 us of Node 20, as
 * much as four answers. `onRead` and `onLeft` are as above.
 */
export function readWhole(
  incoming: Incoming,
  onRead: () => void,
  onLeft: () => void,
  watch: BodyWatch | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    let isOpen = true;
    function stop(error: unknown): void {
      if (!isOpen) return;
      isOpen = false;
      incoming.off("data", push);
      incoming.resume();
      reject(error);
    }
    function push(chunk: Uint8Array): void {
      try {
        watch?.came(chunk.byteLength);
        chunks.push(chunk);
        length += chunk.byteLength;
      } catch (error) {
        stop(error);
      }
    }
    function fail(): void {
      if (!isOpen) return;
      if (!incoming.complete && !incoming._dumped) onLeft();
      const error = new RequestBodyError(incoming._dumped ? "answered" : "left");
      if (isOpen) watch?.lost(error);
      stop(error);
    }
    watch?.begin(stop);
    if (!isOpen) return;
    onRead();
    incoming.on("end", () => {
      if (!isOpen) return;
      if (incoming._dumped) return fail();
      isOpen = false;
      watch?.ended();
      resolve(concatenate(chunks, length));
    });
    incoming.on("close", fail);
    // "close" follows.
    incoming.on("error", () => {});
    if (incoming.destroyed || incoming._dumped) return fail();
    incoming.on("data", push);
    incoming.resume();
  });
}
