/**
 * What the server under the fuzzer does with a request: the first word of the path says it.
 *
 * @module
 */

import type { RequestContext } from "../../../io/mod.ts";
import { sleep } from "../../../mod.ts";

/** One call of a handler, for the oracles. */
export interface Run {
  readonly method: string;
  readonly url: string;
  /** The field with the request's id. */
  readonly id: string | null;
  /** The whole body; `undefined` where it was not read to its end. */
  body: string | undefined;
  /** How often `onRequest` was told of its end. */
  ended: number;
  /** Had it no answer when its time was over? */
  timedOut: boolean;
}

/** The text that only the handler which throws throws. */
export const thrown = "thrown on purpose";

type Act = (request: Request, context: RequestContext, run: Run) => Response | Promise<Response>;

/** What each word does. */
const acts: Readonly<Record<string, Act>> = {
  async echo(request, _context, run) {
    const body = await request.arrayBuffer();
    run.body = latin1(body);
    return answer(request, body);
  },
  ignore: (request) => answer(request, "ignored"),
  async half(request) {
    const reader = request.body?.getReader();
    await reader?.read();
    reader?.releaseLock();
    return answer(request, "half");
  },
  /** Answers first, and then reads. */
  early(request, context, run) {
    context.spawn(async () => {
      try {
        run.body = latin1(await request.arrayBuffer());
      } catch {
        // The connection may be closed because nobody has waited for the body.
      }
    });
    return answer(request, "early");
  },
  slow(request, context) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    context.spawn(async () => {
      // Nobody takes the answer to HEAD, nor that for a client which has left.
      const write = (word: string): Promise<void> => writer.write(new TextEncoder().encode(word)).catch(() => {});
      try {
        for (const word of ["one", "two", "three"]) {
          await write(word);
          await sleep(1);
        }
      } finally {
        await writer.close().catch(() => {});
      }
    });
    return answer(request, readable);
  },
  throw() {
    throw new Error(thrown);
  },
  async never(request) {
    await sleep(3_600_000);
    return answer(request, "never");
  },
  ws: (_request, context) => echoMessages(context),
  async late(_request, context) {
    await sleep(20);
    return await echoMessages(context);
  },
  daemon(request, context) {
    context.spawn(() => sleep(3_600_000), { daemon: true });
    return answer(request, "daemon");
  },
};

/** The words. */
export const words: readonly string[] = Object.keys(acts);

/** Does what the path says. */
export function act(request: Request, context: RequestContext, run: Run): Response | Promise<Response> {
  const word = new URL(request.url).pathname.split("/")[1]!;
  if (!Object.hasOwn(acts, word)) return new Response("nothing here", { status: 404 });
  return acts[word]!(request, context, run);
}

function answer(request: Request, body: BodyInit): Response {
  // Bun lets DEL in, which no answer may have.
  const id = (request.headers.get("x-id") ?? "").replaceAll("\x7f", "");
  return new Response(body, { headers: { "x-answers": id } });
}

function echoMessages(context: RequestContext): Promise<Response> {
  return context.upgrade(async (socket) => {
    for await (const message of socket) {
      try {
        await socket.send(message);
      } catch {
        // The client has closed: nothing comes any more.
      }
    }
  });
}

function latin1(bytes: ArrayBuffer): string {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return text;
}
