/**
 * Calls of functions of the caller's, which the code of a worker makes.
 *
 * @module
 */

import { loop } from "../../queue/loop.ts";
import type { CallbackCall } from "../crew/replies.ts";
import type { PoolJob } from "../jobs/job.ts";
import { Inspection } from "../wire/clonable.ts";
import { encodeError, type KnownClasses } from "../wire/error_codec.ts";
import { putTogether, takeApart } from "../wire/parts.ts";
import type { Answer } from "../wire/protocol.ts";

/** Makes the call, in the async context of whoever made the job; gives what the worker is to be told. Never rejects. */
export async function callBack(
  { settings }: PoolJob,
  { number: call, callback, args, gaps }: CallbackCall,
  errors: KnownClasses | undefined,
): Promise<Omit<Answer, "id">> {
  const fn = settings.callbacks![settings.extra!.callbacks!.indexOf(callback)] as (...args: unknown[]) => unknown;
  try {
    const list = gaps === undefined ? args : putTogether({ list: args, gaps }, errors);
    const value: unknown = await loop().context.resume(settings.context, (values: unknown[]) => fn(...values), list);
    const inspection = new Inspection();
    inspection.check(value, "the result of a callback");
    const { parts } = inspection;
    return parts === undefined ? { call, value } : { call, apart: takeApart([value], parts) };
  } catch (error) {
    return { call, error: encodeError(error) };
  }
}
