/**
 * What pools of threads have that pools of machines use, too.
 *
 * @module
 */

export { leastAhead } from "../dispatch/pool_meter.ts";
export { callFor } from "../jobs/call_extra.ts";
export { settingsOf } from "../jobs/call_settings.ts";
export { PoolJob } from "../jobs/job.ts";
export { dataCloneError } from "../wire/clonable.ts";
export {
  decodeError,
  type EncodedError,
  encodeError,
  type ErrorClass,
  isError,
  type KnownClasses,
} from "../wire/error_codec.ts";
export { Callback, Transfer } from "../wire/markers.ts";
export { isNoFunction } from "../wire/no_function.ts";
export { CallWait } from "./call_wait.ts";
export { insideOf, type PoolInside } from "./inside_of.ts";
export { streamOf } from "./worker_stream.ts";
