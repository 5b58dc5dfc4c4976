/**
 * The frames of the stack of an error.
 *
 * @module
 */

/** Puts frames in the place of those that an error was made with, where that makes it better to read. */
export function replaceFrames(error: Error, frames: readonly string[]): void {
  // Deno's test runner prints the message, and then of a replaced stack all but the first line: the rest of a message of several lines
  // would stand there twice.
  if ("Deno" in globalThis) return;
  const stack = [`${error.name}: ${error.message}`, ...frames].join("\n");
  Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
}

/** An error that has the frames of the call of `fn` that runs. */
export function errorAtCallOf(fn: (...args: never[]) => unknown): Error {
  const error = new Error();
  // Not on all engines.
  (Error as Partial<ErrorConstructor>).captureStackTrace?.(error, fn);
  // Bun writes the stack when it is read or when garbage is collected, and then with places in the code that it has made of a file.
  if ("Bun" in globalThis) void error.stack;
  return error;
}
