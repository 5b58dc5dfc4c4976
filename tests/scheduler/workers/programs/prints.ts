/** Functions that print, in the ways there are. */

import process from "node:process";

export type Way = "console.log" | "console.error" | "process.stdout" | "large";

export function prints(name: string, lines: number, way: Way): void {
  for (let line = 0; line < lines; line++) {
    const text = `${name} ${line}`;
    if (way === "console.log") console.log(text);
    else if (way === "console.error") console.error(text);
    else if (way === "process.stdout") process.stdout.write(`${text}\n`);
    else process.stdout.write(`${text}${" ".repeat(10_000)}\n`);
  }
}

export async function printsLater(name: string, lines: number, way: Way): Promise<void> {
  for (let line = 0; line < lines; line++) {
    await null;
    prints(`${name} ${line}`, 1, way);
  }
}

export function spins(): never {
  for (;;);
}
