/**
 * What is said of a function that a worker module does not export.
 *
 * @module
 */

/** The beginning of the message: the names that there are follow. */
export function noFunction(name: string): string {
  return `The worker module exports no function ${JSON.stringify(name)}`;
}

/** Is it that of this function which an error says? */
export function isNoFunction(error: unknown, name: string): boolean {
  return error instanceof TypeError && error.message.startsWith(`${noFunction(name)}: it has `);
}
