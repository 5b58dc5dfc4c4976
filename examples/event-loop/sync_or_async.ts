// A function that calls back at once sometimes and later at other times is a trap: here the callback reads what is not there yet.
// Deferred by a tick, it runs when its caller has ended. Every host prints the same.

import process from "node:process";

let value: number | undefined = undefined;

function callAtOnce(callback: () => void): void {
  callback();
}

function callLater(callback: () => void): void {
  process.nextTick(callback);
}

callAtOnce(() => console.log(`called at once: ${value}`));
callLater(() => console.log(`called later: ${value}`));
value = 1;
