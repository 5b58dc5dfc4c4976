// A delay is the least a timer waits, not the most: one that is due has to wait for the callback that runs.
// Every host prints the same.

const began = performance.now();
setTimeout(() => {
  const waited = performance.now() - began;
  console.log(waited >= 30 ? "a timer of 10 ms, late" : "a timer of 10 ms");
}, 10);
setTimeout(() => {
  console.log("a callback that takes 30 ms");
  while (performance.now() - began < 35);
}, 1);
