/**
 * Errors on their way between threads. Structured clone loses names, codes, causes, and on some hosts the stack; so
 * errors travel as plain data of ours.
 *
 * @module
 */

import { Inspection } from "./clonable.ts";
import { type Gapped, putTogether, takeApart } from "./gaps.ts";

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
  /** Not an error. */
  | { kind: "value"; value: unknown }
  | { kind: "url"; href: string }
  /** What holds errors or URLs. */
  | { kind: "apart"; apart: Gapped<EncodedError> };

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

/** How deep causes are followed. */
const deepestCause = 8;

/** Makes data of what was thrown. Never throws itself, whatever it is given: a proxy may throw at every touch. */
export function encodeError(thrown: unknown): EncodedError {
  return new Encoding().encode(thrown);
}

/** Makes an error of the data again: of the same class where that is a built-in one, else of one with its name. */
export function decodeError(encoded: EncodedError, known?: KnownClasses): unknown {
  return new Decoding(known).decode(encoded);
}

/** Makes data of errors that may have parts in common. Each is encoded once: ten fields of one error, each of which holds that error, would else be ten million. */
export class Encoding {
  readonly #done: Map<object, EncodedError> = new Map();

  /** See {@linkcode encodeError}. */
  encode(thrown: unknown): EncodedError {
    try {
      return this.#encode(thrown, 0);
    } catch {
      return plainError("The worker threw what cannot be read: a Proxy");
    }
  }

  #encode(thrown: unknown, depth: number): EncodedError {
    if (!isError(thrown)) return this.#encodeValue(thrown, depth) ?? notSent(thrown);
    const done = this.#done.get(thrown);
    if (done !== undefined) return done;
    const isDom = typeof DOMException === "function" && thrown instanceof DOMException;
    const errors = read(thrown, "errors");
    const isAggregate = thrown instanceof AggregateError && Array.isArray(errors);
    const message = text(read(thrown, "message"), "");
    const extras: [key: string, value: EncodedError][] = [];
    const encoded: EncodedError & { kind: "error" | "aggregate" | "dom" } = {
      kind: isDom ? "dom" : isAggregate ? "aggregate" : "error",
      name: text(read(thrown, "name"), "Error"),
      message: withoutUrl(message),
      stack: withoutText(text(read(thrown, "stack"), undefined)?.replace(message, withoutUrl)),
      classes: classesOf(thrown),
      extras,
    };
    if (depth >= deepestCause) return encoded;
    this.#done.set(thrown, encoded);
    for (const key of keysOf(thrown)) {
      if (key === "name" || key === "message" || key === "stack" || key === "cause") continue;
      if (key === "errors" && isAggregate) continue;
      const value = read(thrown, key);
      const copy = isError(value) ? this.#encode(value, depth + 1) : this.#encodeValue(value, depth);
      if (copy !== undefined) extras.push([key, copy]);
    }
    const cause = read(thrown, "cause");
    if (cause !== undefined) encoded.cause = this.#encode(cause, depth + 1);
    if (isAggregate) encoded.errors = (errors as unknown[]).map((error) => this.#encode(error, depth + 1));
    return encoded;
  }

  /** A value as it will arrive, if it can: a copy of what holds others, because a getter in it may throw when it is read once more. */
  #encodeValue(value: unknown, depth: number): EncodedError | undefined {
    if (typeof value === "function" || typeof value === "symbol") return undefined;
    if (typeof value !== "object" || value === null) return { kind: "value", value };
    try {
      if (value instanceof URL) return { kind: "url", href: value.href };
      const inspection = new Inspection();
      inspection.check(value, "");
      const apart = takeApart([value], inspection.parts ?? noParts, (part) => this.#encode(part, depth + 1));
      // Whatever else the host refuses is found now, and not when the error is sent.
      const [copy] = structuredClone(apart.list);
      return apart.gaps.length > 0 ? { kind: "apart", apart } : { kind: "value", value: copy };
    } catch {
      return undefined;
    }
  }
}

const noParts: ReadonlySet<object> = new Set();

/** Makes errors of data that may have parts in common. */
export class Decoding {
  readonly #known: KnownClasses | undefined;
  readonly #done: Map<object, Error> = new Map();

  constructor(known?: KnownClasses) {
    this.#known = known;
  }

  /** See {@linkcode decodeError}. */
  decode(encoded: EncodedError): unknown {
    switch (encoded.kind) {
      case "value":
        return encoded.value;
      case "url":
        return new URL(encoded.href);
      case "apart":
        return putTogether(encoded.apart, (part) => this.decode(part))[0];
      default:
        return this.#done.get(encoded) ?? this.#decode(encoded);
    }
  }

  #decode(encoded: EncodedError & { kind: "error" | "aggregate" | "dom" }): Error {
    const { kind, name, message, stack, classes, extras, cause, errors } = encoded;
    let error: Error;
    if (kind === "dom") error = new DOMException(message, name);
    else if (kind === "aggregate") error = new AggregateError([], message);
    else error = new (builtins[classes.find((each) => Object.hasOwn(builtins, each)) ?? "Error"]!)(message);
    // Before its parts are: one of them may be the error itself.
    this.#done.set(encoded, error);
    const Known = kind === "dom" ? undefined : knownClass(classes, this.#known);
    if (Known !== undefined) Object.setPrototypeOf(error, Known.prototype);
    if (classes[0] && classes[0] !== error.constructor.name) {
      nameClass(error, classes[0], error.constructor as ErrorClass);
    }
    if (error.name !== name) define(error, "name", name);
    if (stack !== undefined) define(error, "stack", stack);
    if (kind === "aggregate") define(error, "errors", (errors ?? []).map((each) => this.decode(each)));
    if (cause !== undefined) define(error, "cause", this.decode(cause));
    for (const [key, value] of extras) define(error, key, this.decode(value), true);
    return error;
  }
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

/** What is told of something that cannot be sent. */
function notSent(value: unknown): EncodedError {
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

/** Of a module that cannot be found hosts say who imports it: the `data:` URL of a thread's first module has all of its text. */
function withoutUrl(message: string): string {
  const own = ownUrl();
  if (own === undefined) return message;
  return message.replace(
    /\/?data:text\/javascript;base64,[\w+/=]+/g,
    (url) => url.includes(own) ? "the pool's worker" : url,
  );
}

/** What V8 calls the text that threads start from, in the frames of stacks. */
export const threadName = "millrace-thread.js";

/** Leaves out the frames of the text that threads start from; elsewhere, by their URL, each would bring all of the text along. */
function withoutText(stack: string | undefined): string | undefined {
  const own = ownUrl() ?? (isNamedText() ? threadName : undefined);
  if (own === undefined) return stack;
  return stack?.split("\n").filter((line) => !line.includes(own) && !line.includes(threadName)).join("\n");
}

/** How the `data:` URL begins in which this code is, if it is in one. */
function ownUrl(): string | undefined {
  return /data:text\/javascript;base64,.{1,20}/.exec(import.meta.url ?? "")?.[0];
}

/** Is this code in the text, where `import.meta.url` does not tell, as in Chromium? */
function isNamedText(): boolean {
  return isNamed ??= new Error().stack?.includes(threadName) === true;
}

let isNamed: boolean | undefined;

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

function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
