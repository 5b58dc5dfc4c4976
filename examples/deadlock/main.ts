/**
 * A program with four faults, to be found on the page of the inspector: `npx tsx examples/deadlock/main.ts`, or with Deno or Bun.
 *
 * - A deadlock: two tasks hold a lock each and want the other's. The page shows the circle.
 * - A leak: each second a listener is spawned that nobody ever ends. The group "listeners" grows.
 * - A blocked loop: every two seconds a report is computed in one go, for 150 ms. It is among the long turns, by its name.
 * - A starved task: two imports may run at once, and two hang. The third waits for a slot of its group.
 */

import { inspector } from "../../io/mod.ts";
import { group, interruptible, main, Mutex, sleep } from "../../mod.ts";

await main(async (g) => {
  const page = await inspector({ control: true, print: false });
  console.log(`Look at ${page.url}`);
  g.spawn(deadlock, { name: "accounts" });
  g.spawn(leak, { name: "events" });
  g.spawn(blockedLoop, { name: "reports" });
  g.spawn(starvation, { name: "files" });
}, { places: true });

function deadlock(): Promise<void> {
  const [here, there] = [new Mutex(), new Mutex()];
  const transfer = (from: Mutex, to: Mutex) => () =>
    from.run(async () => {
      await sleep(10);
      await to.run(() => console.log("never"));
    });
  return group((g) => {
    g.spawn(transfer(here, there), { name: "transfer out" });
    g.spawn(transfer(there, here), { name: "transfer back" });
  }, { name: "transfers" });
}

function leak(): Promise<void> {
  return group(async (g) => {
    for (let number = 1;; number++) {
      g.spawn(() => sleep(Infinity), { name: `listener ${number}` });
      await sleep(1000);
    }
  }, { name: "listeners" });
}

async function blockedLoop(): Promise<void> {
  for (;;) {
    await sleep(2000);
    const end = performance.now() + 150;
    while (performance.now() < end) { /* as a long computation does */ }
  }
}

function starvation(): Promise<void> {
  // As a server that accepts a connection and says nothing.
  const upload = () => interruptible(new Promise<void>(() => {}));
  return group((g) => {
    g.spawn(upload, { name: "import a.csv" });
    g.spawn(upload, { name: "import b.csv" });
    g.spawn(() => console.log("never"), { name: "import c.csv" });
  }, { name: "imports", limit: 2 });
}
