/** A program that counts in a variable of its module. */

import { serve } from "../../../../io/mod.ts";

let count = 0;
const loaded = Date.now();

export default async function main(): Promise<void> {
  await serve(() => new Response(`${++count} since ${loaded}`), { port: 80 });
}
