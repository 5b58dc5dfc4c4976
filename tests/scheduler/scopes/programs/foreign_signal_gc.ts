/** Prints how much is left of those who listened to signals, and of the signals, after a collection of garbage. */

import { onAbort } from "../../../../scheduler/scopes/foreign_signal.ts";
import { collectGarbage, leftOf } from "../../../support/garbage.ts";

const all = Array.from({ length: 200 });
const controller = new AbortController();
const aborted = new AbortController();
let told = 0;

/** Listens with something of its own. */
function listen(signal: AbortSignal, count: () => void): { own: WeakRef<object>; leave: () => void } {
  const own = { count };
  return { own: new WeakRef(own), leave: onAbort(signal, () => own.count()) };
}

const left = all.map(() => {
  const { own, leave } = listen(controller.signal, () => told++);
  leave();
  return own;
});
const wereTold = all.map(() => listen(aborted.signal, () => {}).own);
const listening = all.map(() => listen(controller.signal, () => told++).own);
const signals = all.map(() => {
  const { signal } = new AbortController();
  listen(signal, () => {}).leave();
  return new WeakRef(signal);
});
const unheld = all.map(() => {
  const { signal } = new AbortController();
  listen(signal, () => {});
  return new WeakRef(signal);
});
aborted.abort();

await collectGarbage();
console.log(`those who have left: ${leftOf(left)}`);
console.log(`those who were told: ${leftOf(wereTold)}`);
console.log(`those who listen: ${leftOf(listening)}`);
console.log(`signals that were left: ${leftOf(signals)}`);
console.log(`signals that nobody can abort: ${leftOf(unheld)}`);
controller.abort();
console.log(`told: ${told}`);
