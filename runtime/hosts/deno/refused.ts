import { passed } from "../common/last_requests.ts";
import { type Refusal, responseTo } from "../common/request_head.ts";

/**
 * What a client gets for a request that is refused. Deno closes no connection because an answer says so, and goes on with what
 * is behind a request that could be read in two ways. A body that fails makes it close: the head has gone out by then.
 */
export function refused(refusal: Refusal): Response {
  if (refusal.status !== 400) return responseTo(refusal);
  const body = new ReadableStream({
    async pull(controller) {
      await passed(0);
      controller.error(new Error("The request was refused"));
    },
  }, { highWaterMark: 0 });
  return new Response(body, { status: 400, headers: { connection: "close" } });
}
