/**
 * Messages that nobody well-meaning sends, made from a seed.
 *
 * @module
 */

import { writeValue } from "../../../io/remote/wire/value_writer.ts";

/** Names that every object knows, and others that somebody hopes will be looked up. */
const names = [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...[
    "prototype",
    "then",
    "Function",
    "eval",
    "process",
    "globalThis",
    "import",
    "require",
    "default",
    "",
    "\0",
    "\ud800",
  ],
  ...[
    "../../etc/passwd",
    "data:text/javascript,1",
    "file:///etc/passwd",
    "$JS.API.STREAM.DELETE.X",
    "a.*.>",
    "x".repeat(2000),
  ],
];

const numbers = [-1, 0, 0.5, 1e308, -1e308, 2 ** 53, 2 ** 31, 2 ** 32, 4294967295, 1e21, NaN, -Infinity, -0];

const encoder = new TextEncoder();

/** Random numbers of a seed, the same on each host. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A message with any text, of any version, that says that its text is so long. */
export function raw(text: string, version = 1, length?: number): Uint8Array {
  const encoded = encoder.encode(text);
  const bytes = new Uint8Array(5 + encoded.length);
  bytes[0] = version;
  new DataView(bytes.buffer).setUint32(1, length ?? encoded.length, true);
  bytes.set(encoded, 5);
  return bytes;
}

/** Makes hostile messages. */
export class Hostile {
  readonly #random: (below: number) => number;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  #of<T>(list: readonly T[]): T {
    return list[this.#random(list.length)]!;
  }

  /** The next one. */
  next(): Uint8Array {
    switch (this.#random(8)) {
      case 0:
        return Uint8Array.from({ length: this.#random(200) }, () => this.#random(256));
      case 1: {
        const bytes = this.#written();
        return bytes.subarray(0, this.#random(bytes.length));
      }
      case 2:
      case 3:
        return this.#changed(this.#written());
      case 4:
        return raw(this.#text(4), this.#random(4) === 0 ? this.#random(256) : 1, this.#length());
      case 5:
        return this.#deep();
      case 6:
        return raw(`{${this.#fields(this.#of(["id", "name", "kind", "inbox"]))}}`);
      default:
        return raw(`["e",${this.#error(4)}]`);
    }
  }

  #length(): number | undefined {
    return this.#random(5) === 0 ? this.#random(2 ** 32) : undefined;
  }

  /** A message as it should be, but for one name in it. */
  #written(): Uint8Array {
    const name = this.#of(names);
    const value = this.#of<unknown>([1, "text", new Map([[name, 1n]]), new Date(1), new Uint8Array(9), [
      new Error(name),
    ]]);
    const id = this.#of(["a", name]);
    return writeValue(
      this.#of<unknown>([
        {
          id,
          name,
          args: [value],
          inbox: this.#of(["millrace.default.inbox.00", name]),
          at: this.#of([1, ...numbers]),
        },
        { id, kind: this.#of(["done", "failed", name]), attempt: this.#of(numbers), worker: "w", value },
        { kind: this.#of(["cancel", "ask", "credit", name]), ids: [id], count: this.#of(numbers) },
        value,
      ]),
      "",
    );
  }

  #changed(bytes: Uint8Array): Uint8Array {
    for (let changes = this.#random(4); changes >= 0; changes--) {
      bytes[this.#random(bytes.length)] = this.#random(256);
    }
    return bytes;
  }

  #deep(): Uint8Array {
    const depth = this.#of([400, 600, 10_000]);
    const [open, close] = this.#of([["[", "]"], ['["a",', "]"], ['{"a":', "}"], ['["m",1,', "]"], [
      '["e",{"cause":',
      "}]",
    ]]);
    return raw(open.repeat(depth) + "1" + (this.#random(3) === 0 ? "" : close.repeat(depth)));
  }

  #text(depth: number): string {
    const more = (): string => depth === 0 ? "1" : this.#text(depth - 1);
    const tag = this.#of(["a", "n", "u", "i", "d", "m", "s", "b", "v", "l", "e", "@", "h", ...names]);
    const texts = [
      () => JSON.stringify(this.#of(names)),
      () => this.#of(["1e999", "-1", "null", "true", "1e400", String(this.#of(numbers))]),
      () => `[${[JSON.stringify(tag), more(), more()].join(",")}]`,
      () =>
        `["v",${
          JSON.stringify(this.#of(["Uint8Array", "DataView", ...names]))
        },["b",${more()},${more()}],${more()},${more()}]`,
      () => `{${this.#fields(this.#of(names))}:${more()}}`,
      () => `{${JSON.stringify(this.#of(names))}:${more()},${JSON.stringify(this.#of(names))}:${more()}}`,
      () => `["e",${this.#error(depth)}]`,
    ];
    return this.#of(texts)();
  }

  #fields(key: string): string {
    const text = (): string => JSON.stringify(this.#of(names));
    const all = {
      id: text(),
      name: text(),
      inbox: text(),
      kind: text(),
      args: '["a"]',
      at: "1",
      ids: `["a",${text()}]`,
    };
    return Object.entries({ ...all, [key]: this.#of(["5", "null", "{}", '["a"]', text()]) })
      .map(([field, value]) => `${JSON.stringify(field)}:${value}`).join(",");
  }

  #error(depth: number): string {
    const text = (): string => JSON.stringify(this.#of(names));
    const part = (): string => depth === 0 ? '{"kind":"value","value":1}' : this.#error(depth - 1);
    return this.#of([
      () =>
        `{"kind":${this.#of(['"error"', '"aggregate"', '"dom"', text()])},"name":${text()},"message":${text()},` +
        `"stack":${
          this.#of(['["u"]', text(), "5"])
        },"classes":["a",${text()}],"extras":["a",["a",${text()},${part()}]],` +
        `"cause":${part()}${this.#of(["", `,"errors":["a",${part()}]`, ',"errors":5'])}}`,
      () =>
        `{"kind":"apart","apart":{"list":["a",1],"gaps":["a",["a",${
          this.#of(["{}", '["u"]', '["m"]'])
        },${text()},${part()}]]}}`,
      () => `{"kind":"url","href":${text()}}`,
      () => text(),
    ])();
  }
}
