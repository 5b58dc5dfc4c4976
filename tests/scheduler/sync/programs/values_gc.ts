/** Prints what a broadcast, a watch and a lock keep, after a collection of garbage. */

import { Broadcast, ReadWriteLock, Watch } from "../../../../mod.ts";
import { currentScope } from "../../../../scheduler/scopes/current_scope.ts";
import { collectGarbage, leftOf } from "../../../support/garbage.ts";

const all = Array.from({ length: 200 });

const broadcast = new Broadcast<object>(1000);
const [one, two, three] = [broadcast.subscribe(), broadcast.subscribe(), broadcast.subscribe()];

function send(...receivers: { tryReceive(): unknown }[]): WeakRef<object>[] {
  return all.map(() => {
    const value = {};
    broadcast.send(value);
    for (const receiver of receivers) receiver.tryReceive();
    return new WeakRef(value);
  });
}
const taken = send(one, two, three);
const closedOn = send(one, three);
two.close();
const kept = send(one);

const watch = new Watch<object>({});
const reader = watch.subscribe();
const replaced = all.map(() => {
  const value = {};
  watch.set(value);
  return new WeakRef(value);
});
watch.set({});
const controller = new AbortController();
const receivers = all.map(() => {
  const receiver = watch.subscribe();
  receiver.changed({ signal: controller.signal }).catch(() => {});
  return new WeakRef(receiver);
});
const promises = all.map(() => new WeakRef(watch.changed({ signal: controller.signal })));
controller.abort();

const lock = new ReadWriteLock();
const scopes: WeakRef<object>[] = [];
for (const _ of all) await lock.read(() => void scopes.push(new WeakRef(currentScope()!)));

await collectGarbage();
console.log(`values that all have taken: ${leftOf(taken)}`);
console.log(`values that all but a closed receiver have taken: ${leftOf(closedOn)}`);
console.log(`values that one has not taken: ${leftOf(kept)}`);
console.log(`values of a watch that were replaced: ${leftOf(replaced)}`);
console.log(`receivers that were waited through: ${leftOf(receivers)}`);
console.log(`waits that were aborted: ${leftOf(promises)}`);
console.log(`scopes of functions that have read: ${leftOf(scopes)}`);
console.log(`open: ${!three.closed && reader.hasChanged && !watch.closed && !lock.statistics().writing}`);
