/** The worker module of the programs beside it: plain functions. */

import { scryptSync } from "node:crypto";
import { readLines } from "../../io/mod.ts";
import { transfer } from "../../worker.ts";

/** The hash of a password with its salt, in hexadecimal; about 50 ms of a processor. */
export function hashPassword({ password, salt }: { password: string; salt: string }): string {
  return scryptSync(password, salt, 64).toString("hex");
}

/** Makes RGBA pixels grey where they are, and moves them back. */
export function grey(pixels: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  for (let at = 0; at < pixels.length; at += 4) {
    const light = (pixels[at]! * 77 + pixels[at + 1]! * 150 + pixels[at + 2]! * 29) >> 8;
    pixels.fill(light, at, at + 3);
  }
  return transfer(pixels, [pixels.buffer]);
}

/** The rows of a CSV file as objects, by the names in its first line. Fields may be quoted, lines may not break in them. */
export async function* rows(file: string): AsyncGenerator<Record<string, string>> {
  let names: string[] | undefined;
  for await (const line of readLines(file)) {
    const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)]
      .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!);
    if (names === undefined) names = fields;
    else yield Object.fromEntries(names.map((name, index) => [name, fields[index] ?? ""]));
  }
}
