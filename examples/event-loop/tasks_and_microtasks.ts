// The first listing of every article: the script runs to its end, then all microtasks, then a timer.
// Every host prints the same.

console.log("script start");
setTimeout(() => console.log("timeout"), 0);
Promise.resolve()
  .then(() => console.log("promise 1"))
  .then(() => console.log("promise 2"));
queueMicrotask(() => console.log("microtask"));
console.log("script end");
