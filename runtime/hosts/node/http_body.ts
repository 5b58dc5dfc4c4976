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
