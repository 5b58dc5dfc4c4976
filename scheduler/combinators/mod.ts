/**
 * Several tasks as one promise, and one attempt after the other.
 *
 * @module
 */

export { all, allSettled, any, race, type ResultsOf, type SettledResultsOf, type TaskFunction } from "./combinators.ts";
export { mapConcurrent } from "./map_concurrent.ts";
export { retry, type RetryOptions } from "./retry.ts";
export { type ResultStream, streamConcurrent, type StreamConcurrentOptions } from "./stream_concurrent.ts";
