/**
 * What tasks meet at: channels, permits, conditions, latches and barriers.
 *
 * @module
 */

export { Barrier, BarrierBrokenError, type BarrierStatistics } from "./barrier.ts";
export { Broadcast, type BroadcastStatistics } from "./broadcast.ts";
export { BroadcastLagError } from "./broadcast_core.ts";
export type { BroadcastReceiver, SubscribeOptions } from "./broadcast_receiver.ts";
export { Channel, type ChannelOptions, type ChannelStatistics } from "./channel.ts";
export type { Receiver, Sender } from "./channel_ends.ts";
export { ChannelBrokenError, ChannelClosedError, ChannelEndError } from "./channel_errors.ts";
export { Condition, type ConditionStatistics } from "./condition.ts";
export { Latch, type LatchStatistics } from "./latch.ts";
export { Mutex, type MutexStatistics } from "./mutex.ts";
export { Permit } from "./permit.ts";
export { RateLimiter, type RateLimiterOptions, type RateLimiterStatistics, type RateOptions } from "./rate_limiter.ts";
export { ReadWriteLock, type ReadWriteLockStatistics } from "./read_write_lock.ts";
export { Semaphore, type SemaphoreStatistics } from "./semaphore.ts";
export { Watch, type WatchReceiver, type WatchStatistics } from "./watch.ts";
