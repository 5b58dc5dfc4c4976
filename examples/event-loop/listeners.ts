// Two listeners of one event. Dispatched by a script both run before any microtask, because the script has not ended; called by
// the loop, as for a click, each is followed by its microtasks. Every host prints the same.

const target = new EventTarget();
for (const name of ["first", "second"]) {
  target.addEventListener("click", () => {
    console.log(`${name} listener`);
    queueMicrotask(() => console.log(`microtask of the ${name}`));
  });
}
target.dispatchEvent(new Event("click"));
console.log("dispatched");

// Two tasks of the loop in place of the two listeners of a click.
for (const name of ["first", "second"]) {
  setTimeout(() => {
    console.log(`${name} task`);
    queueMicrotask(() => console.log(`microtask of the ${name} task`));
  }, 5);
}
