/**
 * Where a flow of control stops, and goes on.
 *
 * @module
 */

export { debounce, type Debounced, type DebounceOptions, throttle, type ThrottleOptions } from "./debounce.ts";
export type { WaitOptions } from "./wait.ts";
export { type IdleTime, nextFrame, type NextFrameOptions, whenIdle, type WhenIdleOptions } from "./idle.ts";
export { interruptible } from "./interruptible.ts";
export type { WaitTrace } from "./wait_trace.ts";
export { checkpoint, sleep, sleepUntil, throwIfCancelled } from "./sleep.ts";
