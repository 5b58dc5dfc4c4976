// Debounce and throttle as they are written by hand, and ours. The one by hand that only looks at the clock loses the last call, the
// state that a user sees in the end; both leave their timer behind when their user is gone. Every host prints the same.

import { CancelScope, debounce, sleep, throttle } from "../../mod.ts";

function debounceByHand(fn: (text: string) => void, wait: number): (text: string) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(text), wait);
  };
}

function throttleByHand(fn: (text: string) => void, wait: number): (text: string) => void {
  let last = -Infinity;
  return (text) => {
    if (performance.now() - last < wait) return;
    last = performance.now();
    fn(text);
  };
}

const makers = { debounceByHand, debounce, throttleByHand, throttle };
for (const [name, make] of Object.entries(makers)) {
  const seen: string[] = [];
  const call = make((text: string) => void seen.push(text), 200);
  for (const text of ["a", "ab", "abc"]) call(text);
  await sleep(250);
  console.log(`${name}: ${seen.join(", ")}`);
}

let late = "forgotten";
await new CancelScope().run(() => debounce(() => late = "called", 5)());
await sleep(20);
console.log(`a call that waits when its scope ends: ${late}`);
