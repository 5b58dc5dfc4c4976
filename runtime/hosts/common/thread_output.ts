/**
 * What threads of Node print, which goes through their parent. In a file of its own, because the text that threads start from has all that it
 * imports.
 *
 * @module
 */

type Callback = (error?: Error | null) => void;

interface Output {
  _writev?: (chunks: unknown, callback: Callback) => void;
}

/**
 * Lets a stream send what it holds back: the function that is returned hands all of it over at once.
 *
 * The output of a thread sends one piece, and keeps the next until its parent has answered. A function that prints ten lines and returns
 * would leave nine in the thread; if the thread is then ended, nobody sees them.
 */
export function releasing(stream: Output | undefined): () => void {
  const writev = stream?._writev;
  if (typeof writev !== "function") return () => {};
  let waiting: Callback | undefined;
  stream!._writev = function (chunks, callback) {
    const onSent: Callback = (error) => {
      // Told by the parent, or by us before: once.
      if (waiting !== onSent) return;
      waiting = undefined;
      callback(error);
    };
    waiting = onSent;
    writev.call(this, chunks, onSent);
  };
  return () => waiting?.();
}

/** What a thread has printed, on its way to the output of the process. */
export interface Printed {
  readonly readableLength: number;
  listenerCount(event: "data"): number;
  once(event: "end", listener: () => void): unknown;
}

/** The output of the process. */
export interface Destination {
  readonly writableLength: number;
  write(text: string, callback: () => void): unknown;
}

/**
 * Calls back when what has come of a thread's output has left the process, if it is passed on. The output of a process may keep some too,
 * where who reads it is slow; it would be lost if the process exits.
 */
export function whenPassedOn(
  streams: readonly (readonly [printed: Printed | undefined, destination: Destination])[],
  callback: () => void,
): void {
  let left = 1;
  const onWritten = (): void => {
    if (--left === 0) callback();
  };
  for (const [printed, destination] of streams) {
    // Not whether it flows: it does not while the output of the process is full.
    if (printed === undefined || printed.listenerCount("data") === 0) continue;
    left++;
    const onEnd = (): void => {
      if (destination.writableLength === 0) onWritten();
      else destination.write("", onWritten);
    };
    // Its end follows, for the thread has ended.
    if (printed.readableLength === 0) onEnd();
    else printed.once("end", onEnd);
  }
  onWritten();
}
