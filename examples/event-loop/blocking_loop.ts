// One long synchronous loop: whatever comes while it runs has to wait for its end. Given to `forEachChunked` it is the same loop in
// slices, and a timer of 1 ms comes in between again and again. Every host prints the same.

import { forEachChunked } from "../../mod.ts";

const items = 60;

function work(): void {
  const end = performance.now() + 1;
  while (performance.now() < end);
}

let turns = 0;
const timer = setInterval(() => turns++, 1);

for (let n = 0; n < items; n++) work();
console.log(`plain loop: the timer came ${turns} times`);

await forEachChunked(items, work);
clearInterval(timer);
console.log(`in slices: the timer came ${turns >= 3 ? "again and again" : `${turns} times`}`);
