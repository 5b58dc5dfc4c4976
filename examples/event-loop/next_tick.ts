// `process.nextTick` has a queue of its own. In a CommonJS script it comes before the microtasks; a module's body is a microtask
// itself, so that in a module the others come first. In the callbacks of the loop ticks come first again.

import process from "node:process";

function queueBoth(where: string): void {
  Promise.resolve().then(() => console.log(`${where}: promise`));
  process.nextTick(() => console.log(`${where}: tick`));
}

queueBoth("module");
setTimeout(() => queueBoth("timer"), 5);
