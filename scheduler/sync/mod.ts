/**
 * What tasks meet at: channels, permits, conditions, latches and barriers.
 *
 * @module
 */

export { Barrier, BarrierBrokenError, type BarrierStatistics } from "./barrier.ts";
export { Channel, type ChannelOptions, type ChannelStatistics } from "./channel.ts";
export type { Receiver, Sender } from "./channel_ends.ts";
export { ChannelBrokenError, ChannelClosedError, ChannelEndError } from "./channel_errors.ts";
export { Condition, type ConditionStatistics } from "./condition.ts";
export { Latch, type LatchStatistics } from "./latch.ts";
export { Mutex, type MutexStatistics } from "./mutex.ts";
export { Permit } from "./permit.ts";
export { Semaphore, type SemaphoreStatistics } from "./semaphore.ts";
