/**
 * Errors on their way between threads. Structured clone loses names, codes, causes, and on some hosts the stack; so
 * errors travel as plain data of ours.
 *
 * @module
 */

/** An error, or whatever was thrown, as data. */
export type EncodedError =
  | {
    kind: "error" | "aggregate" | "dom";
    name: string;
    message: string;
    stack: string | undefined;
    /** The name of its class, and of the classes this extends. */
    classes: string[];
    extras: [key: string, value: EncodedError][];
    cause?: EncodedError;
    errors?: EncodedError[];
  }
  | { kind: "value"; value: unknown };

/** A class of errors. */
export type ErrorClass = new (...args: never) => Error;

/** Classes that the caller knows, by name: errors of the worker's classes with these names come back as theirs. */
export type KnownClasses = ReadonlyMap<string, ErrorClass>;

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
const deepestCause = 8;

/**
 * How many levels a value may have that is sent. Node writes values of which its main thread, whose stack is smaller than a worker's, can
 * read only 1,500 levels; the message, and with it the worker, would be lost.
 */
export const deepest = 1000;

/** Makes data of what was thrown. Never throws itself, whatever it is given: a proxy may throw at every touch. */
export function encodeError(thrown: unknown): EncodedError {
  try {
    return encode(thrown, 0);
  } catch {
    return plainError("The worker threw what cannot be read: a Proxy");
  }
}

function encode(thrown: unknown, depth: number): EncodedError {
  if (!isError(thrown)) return encodeValue(thrown);
  const isDom = typeof DOMException === "function" && thrown instanceof DOMException;
  const errors = read(thrown, "errors");
  const isAggregate = thrown instanceof AggregateError && Array.isArray(errors);
  const encoded: EncodedError = {
    kind: isDom ? "dom" : isAggregate ? "aggregate" : "error",
    name: text(read(thrown, "name"), "Error"),
    message: text(read(thrown, "message"), ""),
    stack: withoutText(text(read(thrown, "stack"), undefined)),
    classes: classesOf(thrown),
    extras: [],
  };
  if (depth >= deepestCause) return encoded;
  for (const key of keysOf(thrown)) {
    if (key === "name" || key === "message" || key === "stack" || key === "cause") continue;
    if (key === "errors" && isAggregate) continue;
    const value = read(thrown, key);
    const copy = isError(value) ? undefined : copyOf(value);
    if (copy !== undefined) encoded.extras.push([key, copy]);
    else if (isError(value)) encoded.extras.push([key, encode(value, depth + 1)]);
  }
  const cause = read(thrown, "cause");
  if (cause !== undefined) encoded.cause = encode(cause, depth + 1);
  if (isAggregate) encoded.errors = (errors as unknown[]).map((error) => encode(error, depth + 1));
  return encoded;
}

/** Makes an error of the data again: of the same class where that is a built-in one, else of one with its name. */
export function decodeError(encoded: EncodedError, known?: KnownClasses): unknown {
  if (encoded.kind === "value") return encoded.value;
  const { kind, name, message, stack, classes, extras, cause, errors } = encoded;
  let error: Error;
  if (kind === "dom") error = new DOMException(message, name);
  else if (kind === "aggregate") {
    error = new AggregateError((errors ?? []).map((each) => decodeError(each, known)), message);
  } else error = new (builtins[classes.find((each) => Object.hasOwn(builtins, each)) ?? "Error"]!)(message);
  const Known = kind === "dom" ? undefined : knownClass(classes, known);
  if (Known !== undefined) Object.setPrototypeOf(error, Known.prototype);
  if (classes[0] && classes[0] !== error.constructor.name) {
    nameClass(error, classes[0], error.constructor as ErrorClass);
  }
  if (error.name !== name) define(error, "name", name);
  if (stack !== undefined) define(error, "stack", stack);
  if (cause !== undefined) define(error, "cause", decodeError(cause, known));
  for (const [key, value] of extras) define(error, key, decodeError(value, known), true);
  return error;
}

/** The most special of the classes of an error that the caller knows. */
function knownClass(classes: readonly string[], known: KnownClasses | undefined): ErrorClass | undefined {
  if (known === undefined) return undefined;
  for (const name of classes) {
    const Class = known.get(name);
    if (Class !== undefined) return Class;
  }
  return undefined;
}

/** Classes that stand for those of the worker, by the class they extend and their name. */
const standIns = new WeakMap<object, Map<string, object>>();

/** So many of them are kept for each class; beyond, an error is of that class alone. */
const mostStandIns = 1000;

/** Makes an error of `Base` one of a class between, which has the name of the class it was thrown as. */
function nameClass(error: Error, name: string, Base: ErrorClass): void {
  let names = standIns.get(Base);
  if (names === undefined) standIns.set(Base, names = new Map());
  let prototype = names.get(name);
  if (prototype === undefined) {
    if (names.size >= mostStandIns) return;
    prototype = { [name]: class extends (Base as new () => Error) {} }[name]!.prototype;
    names.set(name, prototype);
  }
  Object.setPrototypeOf(error, prototype);
}

/** Primitives and plain data travel as they are; what cannot be cloned becomes an `Error` that describes it. */
function encodeValue(value: unknown): EncodedError {
  const copy = copyOf(value);
  if (copy !== undefined) return copy;
  const what = typeof value === "function" ? `function ${value.name || "(anonymous)"}` : describe(value);
  return plainError(`The worker threw what cannot be sent: ${what}`);
}

function plainError(message: string): EncodedError {
  return { kind: "error", name: "Error", message, stack: undefined, classes: ["Error"], extras: [] };
}

/** Is a value an error, of whatever class? */
export function isError(value: unknown): value is Error {
  return value instanceof Error || (typeof DOMException === "function" && value instanceof DOMException);
}

function classesOf(error: Error): string[] {
  const names: string[] = [];
  for (let prototype = Object.getPrototypeOf(error); prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    const name = text((read(prototype, "constructor") as { name?: unknown } | undefined)?.name, undefined);
    if (name !== undefined && name !== "Object") names.push(name);
  }
  return names;
}

function keysOf(error: Error): string[] {
  try {
    return Object.keys(error);
  } catch {
    return [];
  }
}

/** A property of an object whose getters may throw. */
function read(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Where this code is in a `data:` URL, as in a worker that the pool started, each of its frames would bring all of it along. */
function withoutText(stack: string | undefined): string | undefined {
  const [ownText] = /data:text\/javascript;base64,.{1,20}/.exec(import.meta.url ?? "") ?? [];
  if (ownText === undefined) return stack;
  return stack?.split("\n").filter((line) => !line.includes(ownText)).join("\n");
}

function text<T>(value: unknown, otherwise: T): string | T {
  return typeof value === "string" ? value : otherwise;
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  try {
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable });
  } catch {
    // A property the host does not let go of: what is there stays.
  }
}

/** A value as it will arrive, if it can: a copy, because a getter in it may throw when it is read once more. */
function copyOf(value: unknown): { kind: "value"; value: unknown } | undefined {
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return { kind: "value", value };
  try {
    const copy: object = structuredClone(value);
    return isDeeper(copy, deepest, new Set()) ? undefined : { kind: "value", value: copy };
  } catch {
    return undefined;
  }
}

/** Has a value more than so many levels? */
function isDeeper(value: unknown, levels: number, seen: Set<unknown>): boolean {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value)) return false;
  if (levels === 0) return true;
  seen.add(value);
  const items = value instanceof Map ? [...value.keys(), ...value.values()] : value instanceof Set ? value : [];
  for (const item of items) if (isDeeper(item, levels - 1, seen)) return true;
  return Object.values(value).some((item) => isDeeper(item, levels - 1, seen));
}

function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
