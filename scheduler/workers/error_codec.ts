/**
 * Errors on their way between threads. Structured clone loses names, codes, causes, and on some hosts the stack; so
 * errors travel as plain data of ours.
 *
 * @module
 */

/** An error, or whatever was thrown, as data. */
export type EncodedError =
  | {
    kind: "error";
    name: string;
    message: string;
    stack: string | undefined;
    extras: [string, unknown][];
    cause?: EncodedError;
    errors?: EncodedError[];
  }
  | { kind: "dom"; name: string; message: string; stack: string | undefined }
  | { kind: "value"; value: unknown };

/** The built-in classes that an error may come back as. */
const builtins: Record<string, new (message?: string) => Error> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** How deep causes are followed; a cycle ends here too. */
const deepest = 8;

/** Makes data of what was thrown. */
export function encodeError(thrown: unknown, depth: number = 0): EncodedError {
  if (typeof DOMException === "function" && thrown instanceof DOMException) {
    return { kind: "dom", name: thrown.name, message: thrown.message, stack: thrown.stack };
  }
  if (!(thrown instanceof Error)) return encodeValue(thrown);
  const encoded: EncodedError = {
    kind: "error",
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    extras: [],
  };
  for (const [key, value] of Object.entries(thrown)) {
    if (key === "name" || key === "message" || key === "stack" || key === "cause" || key === "errors") continue;
    if (isClonable(value)) encoded.extras.push([key, value]);
  }
  if (depth < deepest) {
    if ("cause" in thrown && thrown.cause !== undefined) encoded.cause = encodeError(thrown.cause, depth + 1);
    if ("errors" in thrown && Array.isArray(thrown.errors)) {
      encoded.errors = thrown.errors.map((error) => encodeError(error, depth + 1));
    }
  }
  return encoded;
}

/** Primitives and plain data travel as they are; what cannot be cloned becomes an `Error` that describes it. */
function encodeValue(value: unknown): EncodedError {
  if (typeof value !== "function" && typeof value !== "symbol" && isClonable(value)) return { kind: "value", value };
  const text = typeof value === "function" ? `function ${value.name || "(anonymous)"}` : describe(value);
  return { kind: "error", name: "Error", message: `The worker threw ${text}`, stack: undefined, extras: [] };
}

/** Makes an error of the data again, of the same class where that is a built-in one. */
export function decodeError(encoded: EncodedError): unknown {
  if (encoded.kind === "value") return encoded.value;
  if (encoded.kind === "dom") {
    const error = new DOMException(encoded.message, encoded.name);
    if (encoded.stack !== undefined) define(error, "stack", encoded.stack);
    return error;
  }
  const error = encoded.errors === undefined
    ? new (builtins[encoded.name] ?? Error)(encoded.message)
    : new AggregateError(encoded.errors.map(decodeError), encoded.message);
  if (error.name !== encoded.name) define(error, "name", encoded.name);
  if (encoded.stack !== undefined) define(error, "stack", encoded.stack);
  if (encoded.cause !== undefined) define(error, "cause", decodeError(encoded.cause));
  for (const [key, value] of encoded.extras) {
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: true });
  }
  return error;
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

function isClonable(value: unknown): boolean {
  if (value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol")) {
    return true;
  }
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
