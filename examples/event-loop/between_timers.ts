// Ticks and microtasks run between two timers that are due at the same time: since Node 11 also on Node, which ran all due timers
// first before. Every host prints the same.

import process from "node:process";

for (const name of ["first", "second"]) {
  setTimeout(() => {
    console.log(name);
    process.nextTick(() => console.log(`${name}: tick`));
    Promise.resolve().then(() => console.log(`${name}: promise`));
  }, 5);
}
