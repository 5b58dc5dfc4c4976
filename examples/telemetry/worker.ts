/** The worker module of the program beside it: it makes spans of its own, which have those of the calls as parents. */

import { createHash } from "node:crypto";
import { group, sleep } from "../../mod.ts";
import { onClose } from "../../worker.ts";
import { keepSpans, type SpanRecord } from "./tracing.ts";

const spans = keepSpans();
onClose(() => spans.stop());

/** The digest of a text, in hexadecimal, made in a task. */
export async function digest(text: string): Promise<string> {
  if (text === "") throw new RangeError("There is nothing to digest");
  return await group((g) =>
    g.spawn(async () => {
      await sleep(1);
      return createHash("sha256").update(text).digest("hex");
    }, { name: "hash" })
  );
}

/** The spans that have ended in this thread. */
export function takeSpans(): SpanRecord[] {
  return spans.records();
}
