// What stands after an `await` is a microtask too: an async function goes on in line with the reactions of promises.
// Every host prints the same.

async function outer(): Promise<void> {
  console.log("outer start");
  await inner();
  console.log("outer end");
}

async function inner(): Promise<void> {
  console.log("inner start");
  await undefined;
  console.log("inner end");
}

console.log("script start");
setTimeout(() => console.log("timeout"), 0);
void outer();
void new Promise<void>((resolve) => {
  console.log("executor");
  resolve();
}).then(() => console.log("then"));
console.log("script end");
