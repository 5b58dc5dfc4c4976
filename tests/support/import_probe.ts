/** Imports the door of the library named by the argument and prints what that did to the process. */

import process from "node:process";

const effects: string[] = [];
const scope = globalThis as unknown as Record<string, (...args: unknown[]) => unknown>;
for (const name of ["setTimeout", "setInterval", "setImmediate", "addEventListener", "MessageChannel", "Worker"]) {
  const original = scope[name];
  if (original === undefined) continue;
  scope[name] = new Proxy(original, {
    apply(target, self, args) {
      effects.push(name);
      return Reflect.apply(target, self, args);
    },
    construct(target, args) {
      effects.push(`new ${name}`);
      return Reflect.construct(target, args);
    },
  });
}
const listeners = (): string => process.eventNames().map(String).sort().join();
// Deno itself defines this one when `setImmediate` is first read.
const globals = (): string =>
  Object.getOwnPropertyNames(globalThis).filter((name) => name !== "nodeBootstrap").sort().join();
const before = [listeners(), globals()];
await import(`../../${process.argv[2]}`);
if (listeners() !== before[0]) effects.push(`listeners: ${listeners()}`);
if (globals() !== before[1]) effects.push("globals");
console.log(JSON.stringify(effects));
