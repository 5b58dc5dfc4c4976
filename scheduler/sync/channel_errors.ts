/**
 * The three ways in which a channel can be at its end.
 *
 * @module
 */

/** What was called belongs to the caller's own side of a channel, and that side was closed. */
export class ChannelClosedError extends Error {
  /** "ChannelClosedError". */
  override readonly name = "ChannelClosedError";
}

/** A value was sent that nobody can receive any more: all receivers of the channel have been closed. */
export class ChannelBrokenError extends Error {
  /** "ChannelBrokenError". */
  override readonly name = "ChannelBrokenError";
}

/** Nothing comes any more: the channel was closed for sending, and all that was sent has been received. */
export class ChannelEndError extends Error {
  /** "ChannelEndError". */
  override readonly name = "ChannelEndError";
}
