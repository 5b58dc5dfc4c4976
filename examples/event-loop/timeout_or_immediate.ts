// From the main script the order of the two is not defined: it depends on whether a millisecond has passed when the loop begins.
// Each host may print them either way.

setTimeout(() => console.log("timeout"), 0);
setImmediate(() => console.log("immediate"));
