/**
 * Where the monotonic clocks of a simulation begin.
 *
 * @module
 */

/** What `performance.now()` is as a simulation begins, in ms. It is above 0 on every host, and people take 0 for no time at all. */
export const firstMoment = 100;
